import { hashRecord } from "../../core/hash.js";
import type { Json } from "../../core/json.js";
import { andList } from "../../core/words.js";
import type { StageConfig } from "../config/pipeline.js";
import type { PlanOptions } from "../runner.js";
import type { Result } from "../store/results.js";
import { stagePreimage, stageSeed } from "./fingerprint.js";
import { collectListing, type Listing, listedColumns, listItems } from "./listing.js";
import type { ArtifactRef, PlannedStage, Preimage, Reason } from "./plan.js";
import { explainDifference } from "./reasons.js";
import { lostPart, REFRESH, refreshDue, unusable } from "./usable.js";

/** Outputs of the stages whose result is known, by stage name. */
export type KnownOutputs = ReadonlyMap<string, Readonly<Record<string, ArtifactRef>>>;

/** A planned stage with what carrying it out needs. */
export interface StagePlan {
  readonly planned: PlannedStage;
  readonly preimage?: Preimage;
  readonly listing?: Listing;
  /** Its items are to be asked for again, since the world may have changed. */
  readonly refresh?: true;
  /** The usable result, for cached stages. */
  readonly result?: Result;
  /** What the stage gave last, for a stage that runs: parts of it may be taken over. */
  readonly previous?: Result;
  /** A part of that result which the store has lost: to be made again only if something needs it. */
  readonly lost?: string;
}

/** Decides, stage by stage, whether a result exists, and if not, why. */
export class Planner {
  constructor(
    private readonly options: PlanOptions,
    private readonly warn: (stage: string, message: string) => void,
  ) {}

  /** The stages to bring about, in order: the targets and all they need. */
  selected(): readonly StageConfig[] {
    const { pipeline, targets } = this.options;
    if (targets.length === 0) return [...pipeline.stages.values()];
    const wanted = new Set<string>();
    const visit = (name: string) => {
      if (wanted.has(name)) return;
      wanted.add(name);
      for (const ref of Object.values(pipeline.stages.get(name)?.inputs ?? {})) visit(ref.stage);
    };
    targets.forEach(visit);
    return [...pipeline.stages.values()].filter((stage) => wanted.has(stage.name));
  }

  /** True where the user wants the stage's outputs themselves: a target, or a stage that feeds no other. */
  wanted(stage: StageConfig): boolean {
    if (this.options.targets.includes(stage.name)) return true;
    return !this.selected().some((other) =>
      Object.values(other.inputs).some((ref) => ref.stage === stage.name),
    );
  }

  /**
   * Plans one stage, given the outputs of those before it.
   *
   * A result whose bytes are partly lost still names its outputs' hashes, so what depends on it can be a hit; such a
   * stage runs only where `whole` asks for the bytes.
   *
   * @param onRun called as soon as it is known that the stage has to run; to find out why takes longer
   */
  async planStage(
    stage: StageConfig,
    known: KnownOutputs,
    whole: boolean,
    onRun?: (preimage: Preimage) => void,
  ): Promise<StagePlan> {
    const { pipeline, registry, store } = this.options;
    const base = { name: stage.name, kind: stage.kind.name, config: stage };
    const inputs = resolveInputs(stage, known);
    if ("waitsFor" in inputs) {
      const reasons: Reason[] = [
        {
          code: "upstream-unknown",
          message: `unknown until ${andList(inputs.waitsFor)} ${inputs.waitsFor.length === 1 ? "has" : "have"} run`,
        },
        ...this.knownDifferences(stage),
      ];
      return { planned: { ...base, status: "unknown", waitsFor: inputs.waitsFor, reasons } };
    }
    const { identity, listing } = await this.identity(stage);
    const preimage = stagePreimage(registry, stage, pipeline.seed, inputs.hashes, identity);
    const fingerprint = hashRecord(preimage);
    const result = store.results.get(fingerprint);
    const lost = result ? lostPart(result, store) : undefined;
    const forced = this.options.force.includes(stage.name);
    const due = result !== undefined && refreshDue(stage, result);
    const sound = (lost === undefined || !whole) && result?.transientFailures === 0;
    if (result && sound && !forced && !due) {
      const { outputs } = result;
      const planned: PlannedStage = { ...base, status: "cached", fingerprint, outputs, reasons: [] };
      return { planned, preimage, result, ...(lost === undefined ? {} : { lost }) };
    }
    onRun?.(preimage);
    const previous = forced || result ? undefined : this.previous(stage);
    const reasons = forced
      ? [{ code: "forced", message: "it was asked for with --force" } as const]
      : result
        ? [sound ? REFRESH : unusable(result, lost)]
        : await this.reasons(previous, preimage, listing);
    return {
      planned: { ...base, status: "run", fingerprint, reasons },
      preimage,
      ...(due ? { refresh: true } : {}),
      ...(listing ? { listing } : {}),
      ...(previous ? { previous } : {}),
    };
  }

  /** What a stage reads of the world, and the listing that this takes where its kind lists at plan time. */
  async identity(stage: StageConfig): Promise<{ identity?: Json | undefined; listing?: Listing }> {
    const { kind, params } = stage;
    const { pipeline, store } = this.options;
    const warn = (message: string) => this.warn(stage.name, message);
    const seed = stageSeed(pipeline.seed, stage);
    if (kind.list && kind.listedAtPlan?.(params.all)) {
      const items = await listItems(stage, kind.list, {
        seed,
        base: pipeline.base,
        store,
        scratch: store.taskDir("listing"),
        signal: new AbortController().signal,
        warn,
      });
      const listing = await collectListing(items, listedColumns(kind, params));
      return { identity: listing.identity, listing };
    }
    if (!kind.identity) return {};
    const hashFile = (path: string) => store.stat.hashFile(path);
    return { identity: await kind.identity({ with: params.all, base: pipeline.base, seed, hashFile, warn }) };
  }

  private previous(stage: StageConfig): Result | undefined {
    const { pipeline, store } = this.options;
    const latest = store.latest.get(pipeline.name, stage.name);
    return latest ? store.results.get(latest.fingerprint) : undefined;
  }

  private async reasons(
    previous: Result | undefined,
    preimage: Preimage,
    listing: Listing | undefined,
  ): Promise<readonly Reason[]> {
    if (!previous) return [{ code: "never-run", message: "no result of it is in the store" }];
    const reasons = explainDifference(previous.preimage, preimage);
    if (reasons.length === 0)
      return [{ code: "result-lost", message: "its result is no longer in the store" }];
    if (!listing) return reasons;
    const { explainSource } = await import("./source-diff.js");
    const detailed = reasons.map((reason) =>
      reason.code === "source-changed"
        ? // What is known of the last result may be damaged; the stage runs all the same.
          explainSource(this.options.store, listing, previous).catch(() => reason)
        : reason,
    );
    return Promise.all(detailed);
  }

  /** What has changed in a stage whose inputs are not known yet, inputs and sources aside. */
  private knownDifferences(stage: StageConfig): readonly Reason[] {
    const previous = this.previous(stage);
    if (!previous) return [];
    const { identity, inputs } = previous.preimage;
    const { pipeline, registry } = this.options;
    const hashes = inputs as Readonly<Record<string, string>>;
    return explainDifference(
      previous.preimage,
      stagePreimage(registry, stage, pipeline.seed, hashes, identity),
    );
  }
}

function resolveInputs(
  stage: StageConfig,
  known: KnownOutputs,
): { readonly hashes: Record<string, string> } | { readonly waitsFor: readonly string[] } {
  const waitsFor = new Set<string>();
  const hashes: Record<string, string> = {};
  for (const [port, ref] of Object.entries(stage.inputs)) {
    const output = known.get(ref.stage)?.[ref.port];
    if (output) hashes[port] = output.hash;
    else waitsFor.add(ref.stage);
  }
  return waitsFor.size > 0 ? { waitsFor: [...waitsFor] } : { hashes };
}
