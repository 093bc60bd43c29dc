/**
 * An order of the nodes in which the least memory lives at once.
 *
 * What lives after some nodes have run depends on which they are, not on their order. So the orders of a graph are the
 * paths, from nothing to all, through the sets that are closed under "what it reads has run" (order ideals), and the best
 * order is the path whose dearest step is cheapest: dynamic programming over ideals, explored by rising peak. Two things
 * keep the number of ideals small, and in the published networks, where one node alone needs as much as the whole in its given
 * order, none is looked at.
 *
 * - A peak that is known to be possible cuts every step that reaches it.
 * - A run of nodes, each reading the one before, that stays under the peak so far and ends with no more alive than it began
 *   with, is taken at once. That loses nothing: memory alive is a submodular function of the ideal, so any order can have
 *   the run moved to its front without a step of it becoming dearer. (Of the states within such a run, the last has the
 *   least alive; bytes that other nodes have freed by then can only make it cheaper.)
 *
 * @source Ahn et al. 2020, "Ordering Chaos", arXiv:2003.02369 (dynamic programming over sets, pruned by a budget);
 *   Liu 1987, doi:10.1137/0608004 (segments between valleys); Lin et al. 2020, MCUNet, arXiv:2007.10319 (why it matters)
 */
import type { Graph } from "../ir/index.js";
import { type MemoryRules, type Storage, storageOf, type Tensor, type Work } from "./storage.js";

export type Schedule = {
  /** The same nodes in the order found; the graph itself where no other needs less. */
  readonly graph: Graph;
  /** `lowest`: no order needs less. `greedy`: the search ended at its limit, and this is the best order seen. */
  readonly order: "lowest" | "greedy";
  /** The most bytes that live at once in this order. */
  readonly bytes: number;
  /** The same for the order in which the graph stands. */
  readonly givenBytes: number;
  /** Ideals that were looked at. */
  readonly states: number;
};

/** After so many ideals the search gives up, which takes some seconds. */
const STATE_LIMIT = 10_000;

/** @param limit ideals to look at before settling for the greedy order. */
export function scheduleFor(graph: Graph, rules: MemoryRules, limit = STATE_LIMIT): Schedule {
  const problem = new Problem(storageOf(graph, rules));
  const given = problem.follow(graph.nodes.keys());
  const greedy = problem.greedy();
  const known = greedy.peak < given.peak ? greedy : given;
  const { better, states, complete } = problem.search(known.peak, limit);
  const best = better ?? known;
  return {
    graph: best === given ? graph : { ...graph, nodes: best.order.map((index) => graph.nodes[index]!) },
    order: complete ? "lowest" : "greedy",
    bytes: best.peak,
    givenBytes: given.peak,
    states,
  };
}

type Route = { readonly order: readonly number[]; readonly peak: number };

/** An ideal, and one way to it. */
type State = {
  /** 1 for each node that has run. */
  readonly done: Uint8Array;
  /** Nodes that can run next, ascending. They alone determine the ideal. */
  readonly ready: readonly number[];
  readonly alive: number;
  readonly last: Link | null;
};

type Link = { readonly node: number; readonly before: Link | null };

/** One node run from a state. */
type Move = { readonly state: State; readonly peak: number; readonly woken: readonly number[] };

class Problem {
  private readonly works: readonly Work[];
  private readonly feeds: readonly (readonly number[])[];
  private readonly start: State;
  /** Some node needs so much whatever the order. */
  private readonly least: number;

  constructor({ inputs, works }: Storage) {
    this.works = works;
    const feeds: number[][] = works.map(() => []);
    works.forEach(({ needs }, index) => {
      for (const need of needs) feeds[need]!.push(index);
    });
    this.feeds = feeds;
    this.start = {
      done: new Uint8Array(works.length),
      ready: [...works.keys()].filter((index) => works[index]!.needs.length === 0),
      alive: inputs.reduce((total, { bytes }) => total + bytes, 0),
      last: null,
    };
    this.least = Math.max(this.start.alive, ...works.map(leastOf));
  }

  /** What an order costs. */
  follow(order: Iterable<number>): Route {
    let state = this.start;
    let peak = state.alive;
    for (const index of order) {
      const move = this.run(state, index);
      state = move.state;
      peak = Math.max(peak, move.peak);
    }
    return { order: routeTo(state), peak };
  }

  /** Always the node that needs the least while it runs, and of these the one that leaves the least alive. */
  greedy(): Route {
    let state = this.start;
    let peak = state.alive;
    for (;;) {
      state = this.withoutCost(state, peak);
      if (state.ready.length === 0) return { order: routeTo(state), peak };
      const moves = state.ready.map((index) => this.run(state, index));
      const [first, ...rest] = moves as [Move, ...Move[]];
      const best = rest.reduce((a, b) => ((b.peak - a.peak || b.state.alive - a.state.alive) < 0 ? b : a), first);
      state = best.state;
      peak = Math.max(peak, best.peak);
    }
  }

  /** @param known peak of an order at hand. */
  search(known: number, limit: number): { better: Route | null; states: number; complete: boolean } {
    const seen = new Set<string>();
    // States that cannot be reached below a peak, under that peak.
    const waiting = new Map<number, State[]>([[this.least, [this.start]]]);
    for (;;) {
      const peak = Math.min(...waiting.keys());
      if (peak >= known) return { better: null, states: seen.size, complete: true };
      const stack = waiting.get(peak)!;
      waiting.delete(peak);
      for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
        const state = this.withoutCost(next, peak);
        if (state.ready.length === 0) {
          return { better: { order: routeTo(state), peak }, states: seen.size, complete: true };
        }
        const key = state.ready.join();
        if (seen.has(key)) continue;
        if (seen.size === limit) return { better: null, states: seen.size, complete: false };
        seen.add(key);
        // The node that stands first in the graph is taken from the stack first.
        for (const index of state.ready.toReversed()) {
          const move = this.run(state, index);
          if (move.peak <= peak) stack.push(move.state);
          else if (move.peak < known) {
            const later = waiting.get(move.peak);
            if (later === undefined) waiting.set(move.peak, [move.state]);
            else later.push(move.state);
          }
        }
      }
    }
  }

  /** Goes on as long as a run of nodes keeps to the peak and leaves no more alive, or there is no choice. */
  private withoutCost(state: State, peak: number): State {
    for (let now = state; ; ) {
      const next = this.freeRun(now, peak);
      if (next === null) return now;
      now = next;
    }
  }

  private freeRun(state: State, peak: number): State | null {
    for (const index of state.ready) {
      let move = this.run(state, index);
      while (move.peak <= peak) {
        if (move.state.alive <= state.alive || move.state.ready.length === 0) return move.state;
        // Only a node that had to wait for this one may follow: then all states between are prefixes of the run.
        const [next] = move.woken;
        if (next === undefined) break;
        move = this.run(move.state, next);
      }
    }
    const [only] = state.ready;
    if (only === undefined || state.ready.length > 1) return null;
    const move = this.run(state, only);
    return move.peak <= peak ? move.state : null;
  }

  private run({ done, ready, alive, last }: State, index: number): Move {
    const { reads, writes, mayOverwrite, scratch } = this.works[index]!;
    const dies = ({ isOutput, readers }: Tensor) =>
      !isOutput && readers.every((reader) => reader === index || done[reader] === 1);
    const inPlace = mayOverwrite.some(dies);
    const apart = inPlace ? writes.slice(1) : writes;
    // What is neither read nor given out is alive only in this step.
    const kept = writes.filter(({ isOutput, readers }) => isOutput || readers.length > 0);
    const after = done.slice();
    after[index] = 1;
    const woken = this.feeds[index]!.filter((fed) => this.works[fed]!.needs.every((need) => after[need] === 1));
    const state = {
      done: after,
      ready: [...ready.filter((each) => each !== index), ...woken].sort((a, b) => a - b),
      alive: alive + total(kept) - total(reads.filter(dies)),
      last: { node: index, before: last },
    };
    return { state, peak: alive + total(apart) + (inPlace ? scratch.inPlace : scratch.apart), woken };
  }
}

/** What it reads, writes and needs beside, in place where that may be. */
function leastOf({ reads, writes, mayOverwrite, scratch }: Work): number {
  const apart = total(writes) + scratch.apart;
  const inPlace = total(writes.slice(1)) + scratch.inPlace;
  return total(reads) + (mayOverwrite.length > 0 ? Math.min(apart, inPlace) : apart);
}

const total = (tensors: readonly Tensor[]) => tensors.reduce((sum, { bytes }) => sum + bytes, 0);

function routeTo({ last }: State): number[] {
  const order: number[] = [];
  for (let link = last; link !== null; link = link.before) order.push(link.node);
  return order.reverse();
}
