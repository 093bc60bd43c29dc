import { recipes } from "../../training/index.js";
import { defineCommand } from "../command.js";

export const recipesCommand = defineCommand({
  name: "recipes",
  summary: "The training recipes: the papers', torchvision's, timm's, and Bantam's own",
  description:
    'Each is data: optimizer, schedule, regularization, augmentation. A JSON file with a base and what differs from it is a recipe, too: { "base": "quick", "ema": 0.999 }.',
  examples: [
    ["bantam recipes", "all of them"],
    ["bantam recipes --json", "every field"],
    ["bantam train photos --network mobilenet-v2-0.5@96 --recipe efficientnet --epochs 40", "one of them"],
  ],
  arguments: {},
  options: {},
  run: async () => recipes,
  show: (all, { paint }) =>
    all
      .map(({ name, summary, source, epochs, without, recipe }) =>
        [
          `${paint.bold(name)}  ${summary}`,
          `  ${recipe.optimizer.kind}, learning rate ${recipe.learningRate} for batches of ${recipe.batchSize}, ${recipe.schedule.kind}, ${epochs} epochs`,
          `  ${paint.dim(source)}`,
          ...(without === null ? [] : [`  ${paint.dim(`without ${without}`)}`]),
        ].join("\n"),
      )
      .join("\n"),
});
