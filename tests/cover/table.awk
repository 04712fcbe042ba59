# SPDX-License-Identifier: GPL-2.0-only
#
# From what lines.awk prints, of all modules: a table to standard output, and into
# the directory "out"
#
#	uncovered	stretches of lines that did not run, the longest first
#	scripts		for each script, how many lines it ran, and how many no other
#	lines		"FILE LINE 0|1"
#
# With "only", a list of scripts, nothing counts that others ran.

BEGIN {
	n = split(only, names, " ")
	for (i = 1; i <= n; i++)
		wanted[names[i]] = 1
}

$1 == "has" && !(($2, $3) in has) {
	has[$2, $3] = $4
	if (!($2 in last))
		files[++n_files] = $2
	if ($3 + 0 > last[$2] + 0)
		last[$2] = $3 + 0
}

$1 == "ran" && (only == "" || $4 in wanted) {
	if (!(($2, $3, $4) in ran_by)) {
		ran_by[$2, $3, $4] = 1
		ran[$2, $3]++
		by[$2, $3] = $4
		script_ran[$4]++
	}
}

# the folder of the module, or of the headers
function folder(file,	part)
{
	split(file, part, "/")
	return part[1] ~ /^(samples|parents)$/ ? part[1] "/" part[2] : part[1]
}

function row(name, n, run)
{
	printf "%-40s %6d %6d %6d %6.1f %%\n", name, n, run, n - run, n ? 100 * run / n : 0
}

function stretch_ends(file)
{
	if (length_of)
		printf "%d %s:%d-%d %s\n", length_of, file, first, final, func_name | sorted
	length_of = 0
}

function one_file(file,	l)
{
	n = run = 0
	for (l = 1; l <= last[file]; l++) {
		if (!((file, l) in has))
			continue
		n++
		print file, l, ((file, l) in ran) + 0 >(out "/lines")
		if ((file, l) in ran) {
			run++
			stretch_ends(file)
			if (ran[file, l] == 1)
				script_alone[by[file, l]]++
			continue
		}
		if (length_of && func_name != has[file, l])
			stretch_ends(file)
		if (!length_of++) {
			first = l
			func_name = has[file, l]
		}
		final = l
	}
	stretch_ends(file)
}

END {
	sorted = "sort -k 1,1nr -k 2,2 >" out "/uncovered"
	# insertion sort: there are about a hundred
	for (i = 2; i <= n_files; i++)
		for (j = i; j > 1 && files[j] < files[j - 1]; j--) {
			file = files[j]
			files[j] = files[j - 1]
			files[j - 1] = file
		}
	printf "%-40s %6s %6s %6s\n", "file", "lines", "run", "not"
	for (i = 1; i <= n_files; i++) {
		one_file(files[i])
		row(files[i], n, run)
		in_folder += n
		run_in_folder += run
		if (i == n_files || folder(files[i]) != folder(files[i + 1])) {
			row(folder(files[i]) "/", in_folder, run_in_folder)
			print ""
			total += in_folder
			total_run += run_in_folder
			in_folder = run_in_folder = 0
		}
	}
	row("all", total, total_run)
	close(sorted)
	for (script in script_ran)
		printf "%-28s %6d %6d\n", script, script_ran[script],
		       script_alone[script] | ("sort >" out "/scripts")
}
