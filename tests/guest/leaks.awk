# SPDX-License-Identifier: GPL-2.0-only
#
# Of what kmemleak has found, print what can be ours:
#
#	awk -v seen=FILE -v start=JIFFIES -f leaks.awk /sys/kernel/debug/kmemleak
#
# FILE says where modules were and until when, see text_note in lib-log.sh: they
# may be gone, and their symbols with them.  What was allocated before "start" is
# not ours.
#
BEGIN {
	while ((getline line <seen) > 0) {
		split(line, part, " ")
		name[++n] = part[1]
		from[n] = part[2]
		to[n] = part[3]
		until[n] = part[4]
	}
}

# Is the frame in virtio_net, or, without "theirs", in one of ours?  Addresses have
# the same length, so they compare as text.  A module that left the kernel before the
# object was allocated is not on the way there: another one has its addresses now.
function within(frame, theirs,	 i)
{
	if (frame ~ /\[/)
		return theirs == (frame ~ /\[virtio_net\]/)
	for (i = 1; i <= n; i++)
		if (until[i] >= born && frame "" >= from[i] "" &&
		    frame "" < to[i] "")
			return theirs == (name[i] == "virtio_net")
	return 0
}

# When a probe of virtio_net fails because of what we did not give it, 6.12 keeps its
# rss_hdr and the maps for XPS.  So what virtio_net's probe allocated does not count,
# if none of our modules is on the way there.  Nor does a frame (sk_buff) that was
# allocated with none of ours on the way: no module of ours ever has one.  It may be
# an earlier script's: a scan overlooks what an old pointer on a stack leads to.
function harmless(  i, skb)
{
	if (born != "" && born < start + 0)
		return 1
	for (i = 1; i <= frames && frame[i] !~ /^virtio_dev_probe[.+]/; i++) {
		if (within(frame[i], 0))
			return 0
		if (frame[i] ~ /^(__alloc_skb|__build_skb|build_skb|napi_build_skb|skb_clone)[.+]/)
			skb = 1
	}
	return skb || (i > 1 && i <= frames && within(frame[i - 1], 1))
}

function tell()
{
	if (text != "" && !harmless())
		printf "%s", text
}

/^unreferenced object/ { tell(); text = born = ""; frames = -1 }
/ jiffies [0-9]+/ { born = $NF + 0 }
frames >= 0 { sub(/^ */, ""); frame[++frames] = $0; $0 = "    " $0 }
/^ *backtrace/ { frames = 0 }
{ text = text $0 "\n" }
END { tell() }
