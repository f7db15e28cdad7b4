/**
 * The captures of a run: patterns become ports.
 */
import type { CaptureRequest, PortName } from './model.ts';
import { allPorts, isGlob, matchPorts, type World } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { inDoubt, portAt } from './reference.ts';
import type { File } from './schema.ts';

export function capturesOf(file: File, world: World, problems: Problems): CaptureRequest[] {
  const files = new Set<string>();
  return (file.captures ?? []).flatMap((entry, i) => {
    if (entry === undefined) return [];
    const path = ['captures', i];
    if (files.has(entry.file)) {
      problems.add([...path, 'file'], `${entry.file} is the file of another capture; each needs its own`);
    }
    files.add(entry.file);
    const isLesson = (file.teaching?.disable ?? []).length > 0 || (file.events ?? []).some((event) => event?.ruleOff);
    if (entry.file.endsWith('.pcap') && isLesson) {
      const why = 'a classic pcap has no room to say that rules are switched off; name it .pcapng';
      problems.warn([...path, 'file'], why);
    }
    const wanted = entry.ports ?? ['*'];
    if (wanted.length === 0) problems.add([...path, 'ports'], 'no ports; leave ports out, or write ["*"], for all');
    const ports = new Set(
      wanted.flatMap((text, j) => (text === undefined ? [] : portsOf(text, world, [...path, 'ports', j], problems))),
    );
    return [
      { file: entry.file, ports: allPorts(world).filter((name) => ports.has(name)), snapLength: entry.snap ?? 0 },
    ];
  });
}

function portsOf(text: string, world: World, path: Path, problems: Problems): PortName[] {
  if (!isGlob(text)) {
    const name = portAt(text, world, path, problems);
    return name === null ? [] : [name];
  }
  const names = matchPorts(world, text);
  if (names.length === 0 && !inDoubt(text, world, problems))
    problems.add(path, `${text} matches no port; * alone matches all`);
  return names;
}
