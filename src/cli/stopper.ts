/** Ctrl-C, or a polite kill: what runs ends and is summed up. A second one ends it at once. */
const EXIT_SIGINT = 130;

export class Stopper {
  asked = false;
  readonly #onSignal = (): void => {
    if (this.asked) process.exit(EXIT_SIGINT);
    this.asked = true;
    this.#wake();
  };
  #wake: () => void = () => {};

  constructor() {
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  /** Until the time is over or someone asks to stop. */
  async sleep(ms: number): Promise<void> {
    if (this.asked) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }
}
