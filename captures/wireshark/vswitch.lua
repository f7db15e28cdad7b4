-- vSwitch in Wireshark: what became of a frame, and where else it was seen.
--
-- A post-dissector, that is, it runs behind all others and looks only at what pcapng says of a frame:
--
--   comment `drop=deja_vu rule=R7 port=vmnic1 vid=10 owner=web1 pin=vmnic0` on an interface `host/DROP`  ->  vswitch.verdict, ...
--   epb_packetid, one number for a frame over all its hops, hosts and copies                            ->  vswitch.hop, ...
--
-- Hops are numbered in the order of the file. Frames are known as far as they were read: in Wireshark all of them, with
-- `tshark -2 -Y FILTER` too, in tshark's single pass those so far. A frame costs five values of memory and about
-- 30 us, whole captures four times the time of a tshark that prints one line a frame (60,000 frames on a shared 2.8 GHz core).
-- Packet ids are taken to be of one run: in a file merged from several runs, frames with one id stand together.
-- For Wireshark and tshark 3.6 to 4.x (Lua 5.1 to 5.4).

-- Hops listed in a frame's tree; a frame in a loop has thousands.
local LISTED_MAX = 100
-- Hops up to which duplicates are found by looking at them all; beyond, they are counted.
local WALKED_MAX = 16

-- With `-X lua_script:` beside an installed copy it would be there twice, which Wireshark takes for an error.
local is_first, vswitch = pcall(Proto, 'vswitch', 'vSwitch')
if not is_first then return end

-- Why, as `vswitch explain` and reports say it; a test compares these with proto/verdicts.proto.
local BECAUSE = {
  link_down = 'the port it arrived on has no link',
  port_shut = 'the port it arrived on was shut by a guard',
  runt = 'shorter than an Ethernet header (14 bytes), or cut off inside a VLAN tag',
  giant = 'longer than the MTU plus 14 bytes of header (18 if tagged)',
  src_group = 'the source is a group address, which no station can have',
  src_zero = 'the source address is all zero',
  vid_reserved = 'VLAN 4095 is reserved and never carried',
  frame_type = 'the port takes only tagged frames, or only untagged ones',
  vlan_not_member = 'the port does not carry the frame\'s VLAN',
  bpdu_filter = 'a BPDU from a guest, which its port filters',
  bpdu_guard = 'a BPDU from a guest: its port is shut',
  reserved_mac = '01-80-C2-00-00-00 to 0F are never relayed by a bridge',
  storm = 'more broadcast, multicast or unknown unicast than storm control lets in by the port',
  lag_not_ready = 'the port belongs to a LAG that LACP has not brought up',
  uplink_not_active = 'the uplink it arrived on is standby or unused',
  deja_vu = 'came in by an uplink although its source is a local station: the frame\'s own reflection',
  not_designated = 'flooded from outside on an uplink that is not the designated receiver of its VLAN',
  rpf_group = 'flooded from outside on an uplink that none of its recipients is pinned to',
  forged_transmit = 'its source is not the vNIC\'s address, and forged transmits are rejected',
  static_violation = 'its source is bound to another port, and the port does not take such',
  mac_limit = 'its source is new, and the port or the table holds as many stations as it may',
  unknown_unicast_uplink = 'from outside to an address that no local station has',
  rpf_unicast = 'came in by another uplink than the one its destination is pinned to',
  no_transit = 'came in by an uplink and its destination is outside too: never from uplink to uplink',
  same_port = 'its destination is on the port it came from',
  no_uplink = 'its destination is outside and no uplink is usable',
  no_recipient = 'no other port may have it: none with link carries its VLAN, or rules keep it from all that do',
  storm_guard = 'it has come in by this switch so often that it goes round in a loop',
  no_buffer_in = 'its tag had to be rewritten in a buffer and the frame pool was empty',
  bad_fcs = 'it was damaged on the cable: its frame check sequence is wrong',
  worker_died = 'the worker that moved its switch died with the frame in hand',
  queue_full = 'the port\'s queue or its wire was full',
  egress_link_down = 'the port it was meant for has no link, or is a LAG of which no member takes part',
  egress_vlan = 'the port its destination was heard on does not carry the VLAN',
  pvlan = 'private VLAN: an isolated or community port may not have it from there',
  mac_change = 'the guest has changed its address, and MAC changes are rejected',
  no_uplink_copy = 'the copy for the outside had no usable uplink',
  no_buffer = 'a rewritten copy needed a buffer and the frame pool was empty',
  wire_loss = 'sent out of the port and lost on the cable',
  copy_died = 'the worker that moved its switch died before the copy was out',
  stp_discarding = 'spanning tree: the port it arrived on does not forward, or not yet',
  egress_stp = 'spanning tree: the port its destination was heard on does not forward',
  shaper = 'the queue behind the shaper of its port was full',
  mirror_port = 'the port it arrived on is a mirror\'s, which carries nothing but copies',
  detached = 'no VM is attached to the port it arrived on, or the uplink has been removed',
  dhcp_guard = 'a DHCP server\'s or relay\'s message from a port that may have none, or IPv6 headers that could hide one',
  router_guard = 'a router\'s advertisement or redirect from a port that may have none, or IPv6 headers that could hide one',
}

local f = {
  dropped = ProtoField.bool('vswitch.dropped', 'Dropped', base.NONE, nil, 0, 'There on dropped frames only'),
  verdict = ProtoField.string('vswitch.verdict', 'Verdict', base.ASCII, 'What the frame died of'),
  rule = ProtoField.string('vswitch.rule', 'Rule', base.ASCII, 'The rule that the verdict belongs to, R1 to R19 or C1 to C13'),
  because = ProtoField.string('vswitch.because', 'Because', base.ASCII, 'The verdict in words'),
  side = ProtoField.string('vswitch.side', 'Side', base.ASCII, 'ingress: died as it entered the port; egress: a copy that died on its way out'),
  port = ProtoField.string('vswitch.port', 'Port', base.ASCII, 'Where it died'),
  vid = ProtoField.uint16('vswitch.vid', 'VLAN', base.DEC, nil, 0, 'The VLAN in which it was switched'),
  owner = ProtoField.string('vswitch.owner', 'Owner of the source', base.ASCII, 'The local station that has its source address'),
  pin = ProtoField.string('vswitch.pin', 'Expected uplink', base.ASCII, 'The uplink by which it should have come or gone'),
  id = ProtoField.uint64('vswitch.id', 'Packet id', base.DEC, nil, 0, 'One number for a frame over all its hops'),
  hop = ProtoField.uint32('vswitch.hop', 'Hop', base.DEC, nil, 0, 'Which sight of its packet id this is, from 1'),
  hops = ProtoField.uint32('vswitch.hops', 'Hops', base.DEC, nil, 0, 'Sights of its packet id, as far as the file was read'),
  copy = ProtoField.uint32('vswitch.copy', 'Copy', base.DEC, nil, 0, 'How often its packet id was on this interface in this direction, from 1; from 2 on it is a duplicate'),
  died = ProtoField.string('vswitch.died', 'Died elsewhere', base.ASCII, 'Verdict of another hop of the same packet id'),
  listed = ProtoField.framenum('vswitch.hops.frame', 'Frame', base.NONE, frametype.NONE, 0, 'Another hop of the frame'),
}
vswitch.fields = f

local number_of = Field.new('frame.packet_id')
local interface_of = Field.new('frame.interface_name')
local direction_of = Field.new('frame.packet_flags_direction')
local comments_of = Field.new('frame.comment')

-- Of each frame by its number: the next one with its packet id, where it was seen, when (s since the file's first), which hop, which copy.
local following, label, seen_at, hop, copy
-- Of each packet id: its first and last frame, how many, and by verdict at which frame it died first and how often.
local first, last, count, deaths
-- Of packet ids with many hops: how often at each label.
local tally

function vswitch.init()
  following, label, seen_at, hop, copy = {}, {}, {}, {}, {}
  first, last, count, deaths, tally = {}, {}, {}, {}, {}
end

local DIRECTION = { [1] = 'in', [2] = 'out' }

-- The parts of a drop's comment; nil where it is somebody else's.
local function read_drop(comment)
  if comment == nil or not comment:find('^drop=[%w_]+ ') then return nil end
  local drop = {}
  for key, value in comment:gmatch('(%l+)=(%S+)') do drop[key] = value end
  if drop.port == nil then return nil end
  return drop
end

-- A frame may have comments of whoever looked at it, too.
local function drop_of_frame()
  local infos = { comments_of() }
  for i = 1, #infos do
    local drop = read_drop(tostring(infos[i].value))
    if drop ~= nil then return drop end
  end
  return nil
end

local function named(drop)
  return drop.drop .. (drop.rule and (' (' .. drop.rule .. ')') or '') .. ' at ' .. drop.port
end

local function where(interface, direction, drop)
  local text = interface .. (direction and (' ' .. direction) or '')
  return drop and (text .. ': ' .. named(drop)) or text
end

-- How often the packet id was at this label before.
local function earlier(id, text)
  local times = tally[id]
  if times == nil and count[id] <= WALKED_MAX then
    local n = 0
    local frame = first[id]
    while frame ~= nil do
      if label[frame] == text then n = n + 1 end
      frame = following[frame]
    end
    return n
  end
  if times == nil then
    times = {}
    local frame = first[id]
    while frame ~= nil do
      times[label[frame]] = (times[label[frame]] or 0) + 1
      frame = following[frame]
    end
    tally[id] = times
  end
  local n = times[text] or 0
  times[text] = n + 1
  return n
end

local function remember(id, frame, text, when, drop)
  if hop[frame] ~= nil then return end
  local before = count[id]
  if before == nil then
    first[id] = frame
    count[id] = 1
    copy[frame] = 1
  else
    copy[frame] = earlier(id, text) + 1
    following[last[id]] = frame
    count[id] = before + 1
  end
  last[id] = frame
  label[frame], seen_at[frame], hop[frame] = text, when, count[id]
  if drop ~= nil then
    local of_id = deaths[id] or {}
    deaths[id] = of_id
    local known = of_id[drop.drop]
    if known == nil then of_id[drop.drop] = { first = frame, times = 1 } else known.times = known.times + 1 end
  end
end

-- Seconds as an engineer would say them, down to the nanosecond.
local function after(seconds)
  if seconds < 0.001 then return string.format('+%.3f us', seconds * 1e6) end
  if seconds < 1 then return string.format('+%.6f ms', seconds * 1e3) end
  return string.format('+%.9f s', seconds)
end

-- A field is worth its time where somebody sees it, or asks for it by a filter, a column or -e.
local is_shown = false
local function put(tree, field, value)
  if is_shown or tree:referenced(field) then return tree:add(field, value):set_generated() end
end

local function add_drop(tree, drop, direction)
  put(tree, f.dropped, true)
  put(tree, f.verdict, drop.drop)
  if drop.rule then put(tree, f.rule, drop.rule) end
  if BECAUSE[drop.drop] then put(tree, f.because, BECAUSE[drop.drop]) end
  if direction then put(tree, f.side, direction == 'in' and 'ingress' or 'egress') end
  put(tree, f.port, drop.port)
  local vid = tonumber(drop.vid)
  if vid then put(tree, f.vid, vid) end
  if drop.owner then put(tree, f.owner, drop.owner) end
  if drop.pin then put(tree, f.pin, drop.pin) end
end

local function list_hops(tree, id, frame)
  local at = first[id]
  local start = seen_at[at]
  for listed = 1, math.min(count[id], LISTED_MAX) do
    local line = tree:add(f.listed, at):set_generated()
    if is_shown then
      local this = at == frame and ', this one' or ''
      line:set_text(string.format('%d. frame %d, %s, %s%s', listed, at, label[at], after(seen_at[at] - start), this))
    end
    at = following[at]
  end
  if count[id] > LISTED_MAX then tree:add(vswitch, string.format('and %d more', count[id] - LISTED_MAX)):set_generated() end
end

local function add_hops(tree, id, number, frame)
  put(tree, f.id, number)
  put(tree, f.hop, hop[frame])
  local list = put(tree, f.hops, count[id])
  put(tree, f.copy, copy[frame])
  for verdict, where in pairs(deaths[id] or {}) do
    if where.first ~= frame or where.times > 1 then put(tree, f.died, verdict) end
  end
  if is_shown or tree:referenced(f.listed) then list_hops(list or tree, id, frame) end
end

local function headline(drop, id, frame)
  local fate = drop and (', dropped: ' .. named(drop)) or ''
  return fate .. (id and string.format(', hop %d of %d', hop[frame], count[id]) or '')
end

function vswitch.dissector(buffer, pinfo, tree)
  local id_info, interface_info = number_of(), interface_of()
  local interface = interface_info and interface_info.value or 'an unnamed interface'
  local drop = interface:sub(-5) == '/DROP' and drop_of_frame() or nil
  if id_info == nil and drop == nil then return end
  local direction_info = direction_of()
  local direction = direction_info and DIRECTION[direction_info.value]
  local number = id_info and id_info.value
  -- 2^53 and more is no number of ours; as a string it is still exact.
  local id = number and tostring(number)
  if id == '0' then id = nil end
  local frame = pinfo.number
  if id then
    remember(id, frame, where(interface, direction, drop), pinfo.rel_ts, drop)
  end
  if id == nil and drop == nil then return end
  local branch = tree:add(vswitch):set_generated()
  is_shown = branch.visible
  if is_shown then branch:append_text(headline(drop, id, frame)) end
  if drop then add_drop(branch, drop, direction) end
  if id then add_hops(branch, id, number, frame) end
end

register_postdissector(vswitch)

-- Fields such as the packet id are told to nobody in the first pass through a file, unless somebody filters by one: without
-- this Wireshark would know the hops only of frames that it has shown already.
local first_pass = Listener.new('frame', 'frame.packet_id || frame.comment')
function first_pass.packet() end
