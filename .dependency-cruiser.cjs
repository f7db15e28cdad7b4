/** Arrows point one way (ARCHITECTURE.md, Rooms): cli → endpoints, benchmark → engine → topology, capture, telemetry; nobody points back. */
const to = (rooms) => ({ path: `^src/(${rooms})/` });
const rule = (from, rooms, comment) => ({
  name: `${from}-is-below-${rooms.replaceAll('|', '-')}`,
  severity: 'error',
  comment,
  from: { path: `^src/${from}/` },
  to: to(rooms),
});

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    rule(
      'topology',
      'engine|attach|endpoints|cli|telemetry|benchmark',
      'what the user declares knows nothing of what runs it',
    ),
    {
      name: 'topology-knows-filters-only',
      severity: 'error',
      comment: 'of what is in files it knows nothing; filters are compiled where they are declared',
      from: { path: '^src/topology/' },
      to: { path: '^src/capture/', pathNot: '^src/capture/filter' },
    },
    rule(
      'capture',
      'engine|attach|endpoints|cli|telemetry|topology|benchmark',
      'file formats know nothing of networks',
    ),
    rule('telemetry', 'engine|attach|endpoints|cli|capture|topology|benchmark', 'reports are plain data'),
    rule(
      'attach',
      'engine|endpoints|cli|telemetry|capture|benchmark',
      'Wireshark calls it often: what it loads is little',
    ),
    rule('engine', 'attach|endpoints|cli|benchmark', 'the engine knows neither commands nor who stands at the edge'),
    rule('endpoints', 'cli|benchmark', 'endpoints are used by commands'),
    rule('benchmark', 'attach|endpoints|cli', 'benchmarks run networks of their own; commands show them'),
    {
      name: 'addresses-stay-in-the-engine',
      severity: 'error',
      comment: 'only the engine knows where things are in the memory',
      from: { pathNot: '^src/engine/' },
      to: { path: '^src/engine/(generated/layout|memory|fill)' },
    },
    {
      name: 'threads-stay-in-the-engine',
      severity: 'error',
      comment: 'the only room with workers, but for the thread that unpacks compressed captures',
      from: { pathNot: '^src/(engine/|capture/unpack)' },
      to: { path: '^(piscina|worker_threads)$' },
    },
    {
      name: 'yaml-stays-in-topology',
      severity: 'error',
      comment: 'what users write is read there; what benchmarks write has its schema beside it',
      from: { pathNot: '^src/(topology/|benchmark/report/schema)' },
      to: { path: 'node_modules/(yaml|zod)/' },
    },
  ],
  options: {
    exclude: { path: '^src/core/' },
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
