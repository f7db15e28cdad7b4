/** What frames of two captures may be compared by. */
export const ASPECTS = ['bytes', 'interface', 'direction', 'time', 'id', 'length'] as const;
export type Aspect = (typeof ASPECTS)[number];
