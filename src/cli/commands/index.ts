import { benchCommand } from "./bench.js";
import { compareCommand } from "./compare.js";
import { evalCommand } from "./eval.js";
import { exportCommand } from "./export.js";
import { fitCommand } from "./fit.js";
import { networksCommand } from "./networks.js";
import { predictCommand } from "./predict.js";
import { profileCommand } from "./profile.js";
import { recipesCommand } from "./recipes.js";
import { scaleCommand } from "./scale.js";
import { scalingSearchCommand } from "./scaling-search.js";
import { scalingStudyCommand } from "./scaling-study.js";
import { searchCommand } from "./search.js";
import { studyCommand } from "./study.js";
import { trainCommand } from "./train.js";

/** In the order in which the help lists them. */
export const commands = [
  fitCommand,
  networksCommand,
  profileCommand,
  compareCommand,
  benchCommand,
  scaleCommand,
  searchCommand,
  studyCommand,
  scalingSearchCommand,
  scalingStudyCommand,
  trainCommand,
  recipesCommand,
  evalCommand,
  predictCommand,
  exportCommand,
];
