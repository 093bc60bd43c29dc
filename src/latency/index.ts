export {
  checkPredictions,
  extendConfiguration,
  isThisMachine,
  measureNetwork,
  type Named,
  type PredictionRow,
  requireSameMachine,
  thisMachine,
} from "./measure-networks.js";
