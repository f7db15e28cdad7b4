/** What Wireshark is told of any interface of ours, the same for each. */
export const ALL_PORTS = '*';
export const SNAP_MAX = 262_144;
export const SAMPLE_MAX = 0xffff_ffff;
/** LINKTYPE_ETHERNET and DLT_EN10MB. */
const DLT_ETHERNET = 1;

export const DLT_LINES: readonly string[] = [`dlt {number=${DLT_ETHERNET}}{name=EN10MB}{display=Ethernet}`];

/** A widget for each of what a capture can be asked for. */
export const CONFIG_LINES: readonly string[] = [
  `arg {number=0}{call=--snap}{display=Snap length}{tooltip=Bytes kept of each frame, 0 for all}{type=unsigned}{range=0,${SNAP_MAX}}{default=0}`,
  'arg {number=1}{call=--direction}{display=Direction}{tooltip=Seen from the switch}{type=selector}',
  'value {arg=1}{value=both}{display=Both}{default=true}',
  'value {arg=1}{value=in}{display=Into the switch}{default=false}',
  'value {arg=1}{value=out}{display=Out of the switch}{default=false}',
  'arg {number=2}{call=--stage}{display=Stage}{tooltip=Where on its way through a port a frame is seen}{type=selector}',
  'value {arg=2}{value=wire}{display=On the wire}{default=true}',
  'value {arg=2}{value=inside}{display=Inside: with the tag of its VLAN}{default=false}',
  'value {arg=2}{value=wire,inside}{display=Both}{default=false}',
  `arg {number=3}{call=--sample}{display=Sampling}{tooltip=One frame in so many}{type=unsigned}{range=1,${SAMPLE_MAX}}{default=1}`,
];

/** One more where it is not one port. */
export const PORTS_LINE = `arg {number=4}{call=--ports}{display=Ports}{tooltip=Names and patterns, separated by commas; owner/DROP has what died there}{type=string}{default=${ALL_PORTS}}`;
