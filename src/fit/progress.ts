/** What long work tells whoever watches; the command line draws it, a program may ignore it. */
export type Progress = {
  /** Begins a part of the work. */
  phase(name: string, text?: string): void;
  update(status: {
    readonly text: string;
    /** Share of the part that is done, in [0, 1]. */
    readonly fraction?: number;
    readonly columns?: readonly string[];
    readonly secondsLeft?: number;
  }): void;
  /** A line that stays. */
  line(text: string): void;
};

export const noProgress: Progress = { phase: () => {}, update: () => {}, line: () => {} };
