import { benchCommand } from "./bench-command.js";
import { checkCommand } from "./check-command.js";
import { compareCommand } from "./compare-command.js";
import { evalCommand } from "./eval-command.js";
import { exportCommand } from "./export-command.js";
import { fitCommand } from "./fit-command.js";
import { networksCommand } from "./networks-command.js";
import { predictCommand } from "./predict-command.js";
import { profileCommand } from "./profile-command.js";
import { recipesCommand } from "./recipes-command.js";
import { scaleCommand } from "./scale-command.js";
import { scalingSearchCommand } from "./scaling-search-command.js";
import { scalingStudyCommand } from "./scaling-study-command.js";
import { searchCommand } from "./search-command.js";
import { studyCommand } from "./study-command.js";
import { trainCommand } from "./train-command.js";

/** In the order in which the help lists them. */
export const commands = [
  fitCommand,
  checkCommand,
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
