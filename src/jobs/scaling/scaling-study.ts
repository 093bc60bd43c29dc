/**
 * How accuracy grows with depth, width and resolution, each alone and all together, from our own trainings.
 * @source Tan and Le 2019, arXiv:1905.11946, figures 3, 4 and 8, table 7
 */
import {
  renderCompoundSvg,
  renderScalingCsv,
  renderScalingStudyPage,
  renderSettingsSvg,
  renderSingleSvg,
  type ScalingStudyFacts,
  type StudiedPoint,
} from "../../report/index.js";
import {
  gainsPerDoubling,
  leadAtEqualMacs,
  type Measured,
  type Noise,
  planStudy,
  pooledNoise,
  type StudyOptions,
  type StudyPlan,
} from "../../scaling/index.js";
import { measuredOf, type ScalingOptions, type Trained, trainPlan, writeResults } from "./scaling-experiment.js";

export type ScalingStudyResult = ScalingStudyFacts & { readonly files: readonly string[] };

/** @throws as `trainPlan`. */
export async function scalingStudy(options: ScalingOptions, wanted: StudyOptions): Promise<ScalingStudyResult> {
  return trainPlan(
    options,
    ({ architecture }) => planStudy(architecture, wanted),
    (trained) => resultOf(options, wanted, trained),
  );
}

async function resultOf(
  options: ScalingOptions,
  wanted: StudyOptions,
  { conditions, points, plan }: Trained<StudyPlan>,
): Promise<ScalingStudyResult> {
  const { alone, settings, compound } = plan;
  const facts: ScalingStudyFacts = {
    ...conditions,
    points,
    coefficients: wanted.coefficients,
    alone,
    settings,
    compound,
    ...findings(plan, points),
  };
  const files = await writeResults(options.out, {
    "points.csv": renderScalingCsv(points),
    "alone.svg": renderSingleSvg(facts),
    "width-settings.svg": renderSettingsSvg(facts),
    "compound.svg": renderCompoundSvg(facts),
    "report.html": renderScalingStudyPage(facts),
  });
  return { ...facts, files };
}

function findings(
  { alone, settings, compound }: StudyPlan,
  points: readonly StudiedPoint[],
): Pick<ScalingStudyFacts, "gains" | "settingLeads" | "compoundLeads"> {
  const measured = new Map(points.map((point) => [point.key, measuredOf(point)]));
  const line = (keys: readonly string[]): Measured[] => keys.map((key) => measured.get(key)!);
  const noise = pooledNoise([...measured.values()]);
  const lastLead = <T extends { readonly key: string }>(
    candidates: readonly T[],
    over: readonly string[],
    spread: Noise,
  ) =>
    candidates
      .map((candidate) => ({ candidate, lead: leadAtEqualMacs(measured.get(candidate.key)!, line(over), spread) }))
      .findLast(({ lead }) => lead !== null);

  return {
    gains: {
      depth: gainsPerDoubling(line(alone.depth), noise),
      width: gainsPerDoubling(line(alone.width), noise),
      resolution: gainsPerDoubling(line(alone.resolution), noise),
    },
    settingLeads: settings.slice(1).flatMap(({ depth, resolution, line: keys }) => {
      const found = lastLead(
        keys.map((key) => ({ key })),
        alone.width,
        noise,
      );
      return found === undefined ? [] : [{ depth, resolution, key: found.candidate.key, ...found.lead! }];
    }),
    compoundLeads: (["width", "depth", "resolution"] as const).flatMap((over) => {
      const found = lastLead(
        compound.filter(({ phi }) => phi > 0),
        alone[over],
        noise,
      );
      return found === undefined ? [] : [{ over, phi: found.candidate.phi, ...found.lead! }];
    }),
  };
}
