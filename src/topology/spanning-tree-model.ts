/** RSTP on a physical switch, as `load.ts` makes it of a user's file. */

export interface SpanningTree {
  /** 0-61,440 in steps of 4,096, default 32,768: of all bridges that with the least is the root, of equals that with the least address. */
  readonly priority: number;
  /** Whole seconds, 1-10, default 2: between two BPDUs of a port that speaks for its cable. */
  readonly helloSeconds: number;
  /** Whole seconds, 6-40, default 20: how old what is told of the root may become. */
  readonly maxAgeSeconds: number;
  /** Whole seconds, 4-30, default 15. */
  readonly forwardDelaySeconds: number;
  /** By name, those of which something is said; a LAG's stand at its first port. */
  readonly ports: Readonly<Record<string, SpanningTreePort>>;
}

export interface SpanningTreePort {
  /** What the way to the root by this port costs, 1-200,000,000; null: by the cable's rate. */
  readonly cost: number | null;
  /** 0-240 in steps of 16, default 128: of ports that are alike, that with the least is preferred. */
  readonly priority: number;
  /** Whether the port leads to stations only: forwards at once (true), never (false), or when no bridge is heard for 3 s (auto, default). */
  readonly edge: boolean | 'auto';
  /** `root`: never the way to the root. `bpdu`: a BPDU shuts the port. */
  readonly guard: 'root' | 'bpdu' | null;
  /** false: the port takes no part, forwards always and speaks to nobody. */
  readonly enabled: boolean;
}

/** The least and the greatest value of each number, and what it is where nobody says. */
export const treeLimits = {
  priority: { first: 0, last: 61_440, step: 4096, unset: 32_768 },
  portPriority: { first: 0, last: 240, step: 16, unset: 128 },
  cost: { first: 1, last: 200_000_000 },
  hello: { first: 1, last: 10, unset: 2 },
  maxAge: { first: 6, last: 40, unset: 20 },
  forwardDelay: { first: 4, last: 30, unset: 15 },
} as const;

export const treePortDefault: SpanningTreePort = {
  cost: null,
  priority: treeLimits.portPriority.unset,
  edge: 'auto',
  guard: null,
  enabled: true,
};
