export { type Classifier, classifierOf, openClassifier } from "./classifier.js";
export { exportOnnx } from "./deploy.js";
export { expandFolders } from "./expand.js";
export { loadModel, type Model, type ModelCard, saveModel } from "./model.js";
export { type FilePrediction, type FilePredictions, predictFiles } from "./predict-files.js";
export { type ClassScore, type EvaluationReport, evaluateClassifier } from "./scores.js";
export { seenBy } from "./seen-by.js";
