/** The part of WebAssembly that we use. TypeScript has it in the DOM library only, with all of the browser's names. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(
      module: Module,
      imports: { env: { memory: Memory; now?: () => bigint; fault?: (file: number) => void } },
    );
    readonly exports: Record<string, unknown>;
  }
}
