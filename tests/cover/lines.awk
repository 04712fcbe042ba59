# SPDX-License-Identifier: GPL-2.0-only
#
# Lines of one module, from three files in this order:
#
#	readelf -SW MODULE.ko
#	objdump -dl --inlines --no-show-raw-insn MODULE.ko
#	"SCRIPT text|init OFFSET BYTES", a line for each block that ran
#
# Prints
#
#	has FILE LINE FUNCTION		there is code for this line
#	ran FILE LINE SCRIPT
#
# for the lines of files below "tree", a regular expression that matches what a path
# begins with.  An instruction of an inlined function is of the lines that call it,
# too.  Fails if blocks do not begin where instructions do: then the module
# is not the one that was traced.

BEGIN {
	for (i = 0; i < 16; i++)
		digit[substr("0123456789abcdef", i + 1, 1)] = i
}

function number(hex,	i, n)
{
	n = 0
	for (i = 1; i <= length(hex); i++)
		n = n * 16 + digit[substr(hex, i, 1)]
	return n
}

FNR == 1 { input++ }

# Where the kernel puts each section: in their order, each aligned, in one of two
# areas.
input == 1 && sub(/^ *\[ *[0-9]+\] +/, "") && $7 ~ /A/ && $7 ~ /X/ {
	kind = $1 ~ /^\.init/ ? "init" : "text"
	align = $NF
	end[kind] = int((end[kind] + align - 1) / align) * align
	section_kind[$1] = kind
	section_base[$1] = end[kind]
	end[kind] += number($5)
}

# line_of(PATH:LINE) - "FILE LINE;", or nothing if the file is not of the tree
function line_of(path, func_name,	line)
{
	if (!sub(tree, "", path) || !match(path, /:[0-9]+$/))
		return ""
	line = substr(path, 1, RSTART - 1) " " substr(path, RSTART + 1)
	if (!(line in has)) {
		has[line] = 1
		print "has", line, func_name
	}
	return line ";"
}

input == 2 && /^Disassembly of section / {
	name = $4
	sub(/:$/, "", name)
	kind = section_kind[name]
	base = section_base[name]
	next
}

# A symbol: what was said before is of another function.
input == 2 && /^[0-9a-f]+ <.*>:$/ {
	inner = outer = ""
	next
}

input == 2 && /\(\):$/ {
	func_name = substr($0, 1, length($0) - 3)
	next
}

# Both hold until something else is said; the latter are said together.
input == 2 && /^\// {
	inner = line_of($1, func_name)
	outer = ""
	next
}

input == 2 && /^inlined by / {
	if (!in_callers)
		outer = ""
	in_callers = 1
	outer = outer line_of($3, substr($4, 2, length($4) - 2))
	next
}

input == 2 && /^ +[0-9a-f]+:/ {
	in_callers = 0
	addr = $1
	sub(/:$/, "", addr)
	insn[kind, base + number(addr)] = inner outer
}

input == 3 {
	blocks++
	if (!(($2, $3) in insn))
		strange++
	for (i = $3; i < $3 + $4; i++) {
		if (!(($2, i) in insn))
			continue
		these = insn[$2, i]
		if ((these, $1) in ran)
			continue
		ran[these, $1] = 1
		n = split(these, line, ";")
		for (j = 1; j < n; j++)
			print "ran", line[j], $1
	}
}

END {
	# The kernel patches some calls; a block may begin in the middle of one.
	if (strange > blocks / 5) {
		print strange " of " blocks " blocks begin at no instruction" >"/dev/stderr"
		exit 1
	}
}
