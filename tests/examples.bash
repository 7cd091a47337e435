# SPDX-License-Identifier: GPL-3.0-or-later
# Takes examples out of the man pages.

pages=$BATS_TEST_DIRNAME/../man
examples=$BATS_TEST_TMPDIR/examples

# Writes PAGE-N.sh and PAGE-N.expected into the folder $examples for each example in a section of the page; what stands
# before its first command goes into PAGE-N.program.
extract_examples() {
	awk -v dir="$examples" -v page="$1" -v section="$2" '
	function plain(line,    text, at, name) {
		text = ""
		while ((at = index(line, "\\")) > 0) {
			text = text substr(line, 1, at - 1)
			line = substr(line, at)
			for (name in escape)
				if (substr(line, 1, length(name)) == name)
					break
			if (substr(line, 1, length(name)) != name) {
				print "line " NR ": unknown escape: " line > "/dev/stderr"
				exit failed = 1
			}
			text = text escape[name]
			line = substr(line, length(name) + 1)
		}
		return text line
	}
	BEGIN {
		escape["\\e"] = "\\"; escape["\\-"] = "-"; escape["\\&"] = ""
		escape["\\(aq"] = "\047"; escape["\\(dq"] = "\""; escape["\\(ga"] = "`"
		escape["\\(ti"] = "~"; escape["\\(ha"] = "^"
	}
	/^\.Sh / { examples = (substr($0, 5) == section) }
	examples && /^\.Bd -literal/ {
		file = sprintf("%s/%s-%02d", dir, page, ++count)
		printf "" > (file ".sh")
		printf "" > (file ".expected")
		inside = 1
		begun = 0
		next
	}
	/^\.Ed/ { inside = 0 }
	inside && /^(\$ |>( |$))/ { print plain(substr($0, 3)) > (file ".sh"); begun = 1; next }
	inside && !begun { print plain($0) > (file ".program"); next }
	inside { print plain($0) > (file ".expected") }
	END { exit failed }
	' "$pages/$1"
}
