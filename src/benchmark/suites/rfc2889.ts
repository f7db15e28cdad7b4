/** RFC 2889: what a switch does with many ports at once, with the terms of RFC 2285. */
import type { Suite } from '../suite.ts';
import { vnicsFor } from './ports.ts';
import { broadcast } from './rfc2889/broadcast.ts';
import { addressCaching, learningRate } from './rfc2889/caching.ts';
import { congestion } from './rfc2889/congestion.ts';
import { erroredFrames } from './rfc2889/errored.ts';
import { acrossUplink, fullyMeshed, meshTest, oneAndMany, oneWay } from './rfc2889/mesh.ts';
import { forwardPressure, maximumForwarding } from './rfc2889/pressure.ts';
import { servers, twoHostsOf } from './rfc2889/topologies.ts';

/** A full mesh grows with the square of its ports. */
const portsMost = 16;

export const rfc2889: Suite = {
  name: 'rfc2889',
  title: 'RFC 2889: LAN switching devices',
  about: 'Meshes, congestion, forward pressure, address caching and learning, errored frames, broadcasts (RFC 2889).',
  defaultTopology: servers,
  tests: [
    meshTest({
      id: 'rfc2889.fully-meshed',
      title: 'Fully meshed',
      section: '5.1',
      method: 'Each port sends to all others in turn, beginning with the next one.',
      quickSizes: '64,1518',
      plan: (context) => ({
        topology: context.topology,
        patterns: [fullyMeshed(vnicsFor(context, 2, portsMost))],
      }),
    }),
    meshTest({
      id: 'rfc2889.one-to-many',
      title: 'Partially meshed, one to many and many to one',
      section: '5.2',
      method:
        'One port sends to all others in turn, all others send to one, and both at once; 100 % is when the one port is full.',
      quickSizes: '64',
      plan: (context) => ({ topology: context.topology, patterns: oneAndMany(vnicsFor(context, 3, portsMost)) }),
    }),
    meshTest({
      id: 'rfc2889.multiple-devices',
      title: 'Partially meshed, two switches with one uplink',
      section: '5.3',
      method:
        'vNICs of two hosts, each with one uplink to the same physical switch, send to those of the other host only, or also to those of their own (local traffic); 100 % is when the uplinks are full both ways.',
      quickSizes: '64',
      plan(context, draft) {
        const { topology, ports } = twoHostsOf(context);
        if (topology !== context.topology)
          draft.note(`Run on ${topology.name}, since no two hosts here have two vNICs each.`);
        return { topology, patterns: acrossUplink(ports) };
      },
    }),
    meshTest({
      id: 'rfc2889.unidirectional',
      title: 'Partially meshed, unidirectional',
      section: '5.4',
      method: 'Each port of one half sends to all ports of the other half in turn, and nobody back.',
      quickSizes: '64',
      plan: (context) => ({ topology: context.topology, patterns: [oneWay(vnicsFor(context, 2, portsMost))] }),
    }),
    congestion,
    forwardPressure,
    maximumForwarding,
    addressCaching,
    learningRate,
    erroredFrames,
    broadcast,
  ],
};
