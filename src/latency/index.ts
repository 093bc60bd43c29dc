export {
  checkPredictions,
  extendConfiguration,
  measureNetwork,
  type Named,
  type PredictionRow,
  requireSameMachine,
  thisMachine,
} from "./networks.js";
