export {
  checkPredictions,
  extendConfiguration,
  measureNetwork,
  type Named,
  type PredictionRow,
  thisMachine,
} from "./networks.js";
