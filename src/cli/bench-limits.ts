/** Greatest values of options of `vswitch bench`, for the command line and for settings that a file brings. */
export const WORKERS_MAX = 64;
export const REPEATS_MAX = 1000;
export const SEED_MAX = 0xffff_ffff;
