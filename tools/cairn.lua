-- SPDX-License-Identifier: MIT
--
-- Wireshark: Cairn's frames and Reticulum packets.
--
--   AX.25 UI, PID BC               a Cairn frame
--   AX.25 UI to APZRNS, PID F0     a Reticulum packet
--   link type 147 (USER0)          a Reticulum packet, as cairn capture writes
--   PLAIN packet to cairn.sync     sender alias 4 | a Cairn frame
--
-- The layouts are those of docs/protocol.md. What does not fit is shown as far
-- as it goes and marked; nothing here stops.

local cairn = Proto("cairn", "Cairn")
local rns = Proto("rns", "Reticulum")

local SYNC = "853230c61e8f782625140c4a58ee217e"	-- PLAIN destination cairn.sync

local types = { [0] = "digest", "events", "want", "offer" }
local forms = { [0] = "list", "root", "parity", "bulk" }

local f = {
	type = ProtoField.uint8("cairn.type", "Message", base.DEC, types, 0x07),
	version = ProtoField.uint8("cairn.version", "Version", base.DEC, nil, 0x18),
	sender = ProtoField.uint32("cairn.sender", "Sender alias", base.HEX),
	tag = ProtoField.uint16("cairn.dataset_tag", "Dataset tag", base.HEX),
	bulk = ProtoField.bool("cairn.want_bulk", "Want bulk", 8, nil, 0x80),
	proofs = ProtoField.bool("cairn.has_proofs", "Fork proofs held", 8, nil, 0x40),
	moved = ProtoField.bool("cairn.moved", "Root just moved", 8, nil, 0x20),
	root = ProtoField.bytes("cairn.root48", "Root"),
	events = ProtoField.uint64("cairn.events", "Events"),
	authors = ProtoField.uint64("cairn.authors", "Authors"),
	c = ProtoField.uint8("cairn.c", "Sketch capacity", base.DEC, nil, 0xf8),
	parts = ProtoField.uint8("cairn.part_bits", "log2 of the parts", base.DEC, nil, 0x07),
	part = ProtoField.uint8("cairn.part", "Part"),
	part_root = ProtoField.bytes("cairn.part_root48", "Root of the part"),
	sketch = ProtoField.bytes("cairn.sketch", "Sketch"),
	generation = ProtoField.uint8("cairn.generation", "Generation"),
	index = ProtoField.uint8("cairn.index", "Index", base.DEC, nil, 0xfc),
	more = ProtoField.bool("cairn.more", "More generations", 8, nil, 0x02),
	last = ProtoField.bool("cairn.end", "End of the transmission", 8, nil, 0x01),
	k1 = ProtoField.uint8("cairn.k", "Pieces less one", base.DEC, nil, 0xf8),
	ahead = ProtoField.uint8("cairn.parity_ahead", "Parity sent ahead", base.DEC, nil, 0x06),
	content = ProtoField.bool("cairn.bulk", "Of a content", 8, nil, 0x01),
	piece = ProtoField.bytes("cairn.piece", "Piece"),
	target = ProtoField.uint16("cairn.target", "Target", base.HEX),
	hears = ProtoField.uint16("cairn.hears", "Hears", base.HEX),
	nav = ProtoField.uint8("cairn.nav_ds", "NAV, tenths of a second"),
	form = ProtoField.uint8("cairn.form", "Form", base.DEC, forms),
	alias = ProtoField.uint32("cairn.alias", "Author alias", base.HEX),
	have = ProtoField.uint64("cairn.have", "Have"),
	needed = ProtoField.uint8("cairn.needed", "Rows needed", base.DEC, nil, 0x7f),
	hash = ProtoField.bytes("cairn.blob_hash", "Content"),
	chunk = ProtoField.uint64("cairn.chunk", "Chunk"),
	from = ProtoField.uint8("cairn.from", "From index"),
	frames = ProtoField.uint8("cairn.frames", "Frames needed"),
	loss = ProtoField.uint8("cairn.loss_256", "Loss, of 256"),
}
cairn.fields = f
local malformed = ProtoExpert.new("cairn.malformed", "Not a Cairn message of version 0",
	expert.group.MALFORMED, expert.severity.ERROR)
cairn.experts = { malformed }

-- Unsigned LEB128 at `at`: value, length; nil where it has no end.
local function leb(tvb, at)
	local v, n = UInt64(0), 0
	repeat
		if at + n >= tvb:len() or n == 10 then return nil end
		local b = tvb(at + n, 1):uint()
		v = v + UInt64(bit32.band(b, 0x7f)):lshift(7 * n)
		n = n + 1
	until b < 0x80
	return v, n
end

-- A reader that remembers that the bytes ended.
local function reader(tvb, tree, at)
	local r = { at = at, bad = false }
	function r.add(field, n)
		if r.bad or r.at + n > tvb:len() then r.bad = true return nil end
		local range = tvb(r.at, n)
		tree:add(field, range)
		r.at = r.at + n
		return range
	end
	function r.bits(...)	-- several fields of one byte
		if r.bad or r.at >= tvb:len() then r.bad = true return 0 end
		local range = tvb(r.at, 1)
		for _, field in ipairs({ ... }) do tree:add(field, range) end
		r.at = r.at + 1
		return range:uint()
	end
	function r.leb(field)
		local v, n
		if not r.bad then v, n = leb(tvb, r.at) end
		if not v then r.bad = true return UInt64(0) end
		tree:add(field, tvb(r.at, n), v)
		r.at = r.at + n
		return v
	end
	function r.rest(field)
		if not r.bad and r.at < tvb:len() then r.add(field, tvb:len() - r.at) end
	end
	function r.count(max)
		if r.bad or r.at >= tvb:len() then r.bad = true return 0 end
		local n = tvb(r.at, 1):uint()
		r.at = r.at + 1
		if n < 1 or n > max then r.bad = true return 0 end
		return n
	end
	function r.flag()	-- bit 7 of the next byte, and that byte without it
		if r.bad or r.at >= tvb:len() then r.bad = true return false, 0 end
		local n = tvb(r.at, 1):uint()
		r.at = r.at + 1
		return n >= 128, n % 128
	end
	return r
end

local function hex(range) return range and tostring(range:bytes()):lower() or "?" end

local function digest(r)
	r.add(f.tag, 2)
	r.bits(f.bulk, f.proofs, f.moved)
	local root = r.add(f.root, 6)
	local events, authors = r.leb(f.events), r.leb(f.authors)
	local shape = r.bits(f.c, f.parts)
	if bit32.band(shape, 7) > 0 then
		r.add(f.part, 1)
		r.add(f.part_root, 6)
	end
	local c = bit32.rshift(shape, 3)
	if c > 0 then r.add(f.sketch, 8 * c) end
	return string.format("digest root %s events %s authors %s", hex(root), events, authors)
end

local function events(r)
	local generation = r.add(f.generation, 1)
	local place = r.bits(f.index, f.more, f.last)
	local shape = r.bits(f.k1, f.ahead, f.content)
	r.rest(f.piece)
	local index, k = bit32.rshift(place, 2), bit32.rshift(shape, 3) + 1
	return string.format("events generation %s %s", generation and generation:uint() or "?",
		index < k and string.format("piece %d of %d", index + 1, k) or
		string.format("parity %d for %d", index - k + 1, k))
end

local function want(r)
	local target = r.add(f.target, 2)
	r.add(f.nav, 1)
	local form = r.add(f.form, 1)
	form = form and form:uint() or -1
	if form == 0 then
		for _ = 1, r.count(45) do
			r.add(f.alias, 4)
			r.leb(f.have)
		end
	elseif form == 1 then
		r.add(f.root, 6)
		r.leb(f.events)
	elseif form == 2 then
		for _ = 1, r.count(8) do
			r.add(f.generation, 1)
			r.bits(f.more, f.needed)
			r.add(f.loss, 1)
		end
	elseif form == 3 then
		r.add(f.hash, 32)
		r.leb(f.chunk)
		r.add(f.from, 1)
		r.add(f.frames, 1)
	else
		r.bad = true
	end
	return string.format("want %s to %s", forms[form] or "?", hex(target))
end

local function offer(r)
	local to = {}
	local list, targets = r.flag()
	if targets < 1 or targets > 4 then r.bad = true end
	for _ = 1, targets do to[#to + 1] = hex(r.add(f.target, 2)) end
	local root, n = r.add(f.root, 6), r.leb(f.events)
	if list then
		for _ = 1, r.count(24) do r.add(f.hears, 2) end
	end
	return string.format("offer to %s root %s events %s", table.concat(to, ","), hex(root), n)
end

local readers = { [0] = digest, events, want, offer }

function cairn.dissector(tvb, pinfo, root)
	local tree = root:add(cairn, tvb())
	pinfo.cols.protocol = "Cairn"
	if tvb:len() == 0 then return 0 end
	local first = tvb(0, 1):uint()
	local read = readers[bit32.band(first, 7)]
	tree:add(f.version, tvb(0, 1))
	tree:add(f.type, tvb(0, 1))
	if bit32.rshift(first, 3) ~= 28 or not read then
		tree:add_proto_expert_info(malformed)
		return tvb:len()
	end
	local r = reader(tvb, tree, 1)
	local text = read(r)
	if r.bad or r.at < tvb:len() then
		tree:add_proto_expert_info(malformed)
		text = text .. " [malformed]"
	end
	tree:append_text(": " .. text)
	pinfo.cols.info = text
	return tvb:len()
end

-- ---- Reticulum ----

local packets = { [0] = "data", "announce", "linkrequest", "proof" }
local destinations = { [0] = "single", "group", "plain", "link" }
local g = {
	ifac = ProtoField.bool("rns.ifac", "Interface access code", 8, nil, 0x80),
	header = ProtoField.uint8("rns.header_type", "Header type", base.DEC, nil, 0x40),
	context_flag = ProtoField.bool("rns.context_flag", "Context flag", 8, nil, 0x20),
	transport = ProtoField.uint8("rns.transport_type", "Transport", base.DEC, nil, 0x10),
	dest_type = ProtoField.uint8("rns.destination_type", "Destination type", base.DEC, destinations, 0x0c),
	type = ProtoField.uint8("rns.packet_type", "Packet type", base.DEC, packets, 0x03),
	hops = ProtoField.uint8("rns.hops", "Hops"),
	via = ProtoField.bytes("rns.transport_id", "Transport id"),
	dest = ProtoField.bytes("rns.destination_hash", "Destination"),
	context = ProtoField.uint8("rns.context", "Context", base.HEX),
	key = ProtoField.bytes("rns.announce.public_key", "Public key"),
	name = ProtoField.bytes("rns.announce.name_hash", "Name hash"),
	random = ProtoField.bytes("rns.announce.random_hash", "Random hash"),
	ratchet = ProtoField.bytes("rns.announce.ratchet", "Ratchet"),
	signature = ProtoField.bytes("rns.announce.signature", "Signature"),
	app = ProtoField.bytes("rns.announce.app_data", "Application data"),
	data = ProtoField.bytes("rns.data", "Data"),
}
rns.fields = g
local short = ProtoExpert.new("rns.short", "The packet is too short",
	expert.group.MALFORMED, expert.severity.ERROR)
rns.experts = { short }

local function announce(r, ratchet)
	r.add(g.key, 64)
	r.add(g.name, 10)
	r.add(g.random, 10)
	if ratchet then r.add(g.ratchet, 32) end
	r.add(g.signature, 64)
	r.rest(g.app)
end

function rns.dissector(tvb, pinfo, root)
	local tree = root:add(rns, tvb())
	local r = reader(tvb, tree, 0)
	pinfo.cols.protocol = "Reticulum"
	local flags = r.bits(g.ifac, g.header, g.context_flag, g.transport, g.dest_type, g.type)
	local hops = r.add(g.hops, 1)
	if bit32.band(flags, 0x40) ~= 0 then r.add(g.via, 16) end
	local dest = r.add(g.dest, 16)
	r.add(g.context, 1)
	local kind, to = bit32.band(flags, 3), bit32.rshift(bit32.band(flags, 12), 2)
	pinfo.cols.info = string.format("%s %s %s hops %s", packets[kind], destinations[to],
		hex(dest), hops and hops:uint() or "?")
	if not r.bad and kind == 1 then
		announce(r, bit32.band(flags, 0x20) ~= 0)
	elseif not r.bad and kind == 0 and to == 2 and hex(dest) == SYNC and tvb:len() > r.at + 4 then
		tree:add(f.sender, tvb(r.at, 4))
		cairn.dissector(tvb(r.at + 4):tvb(), pinfo, root)
	else
		r.rest(g.data)
	end
	if r.bad then tree:add_proto_expert_info(short) end
	return tvb:len()
end

-- ---- where they are found ----

local pids = DissectorTable.get("ax25.pid")
local no_layer3 = pids:get_dissector(0xf0)
local unshifted = Proto("cairn_f0", "AX.25 without layer 3, or Reticulum")
local destination = Field.new("ax25.dst")

-- ax25.dst is seven bytes of shifted characters
local function to_rns()
	local a = destination()
	return a and a.range:bytes():raw(0, 6) == "\x82\xa0\xb4\xa4\x9c\xa6"
end

function unshifted.dissector(tvb, pinfo, root)
	if to_rns() then return rns.dissector(tvb, pinfo, root) end
	return no_layer3:call(tvb, pinfo, root)
end

pids:add(0xbc, cairn)
if no_layer3 then pids:add(0xf0, unshifted) end
DissectorTable.get("wtap_encap"):add(wtap.USER0, rns)
