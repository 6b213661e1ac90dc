#!/bin/sh
# Captures a session of the tool in a terminal (tmux, 112 columns) and writes it as SVG:
#
#	sh examples/etl/terminal.sh > examples/etl/terminal.svg
#
# The colours of the SVG follow the reader's scheme, dark or light.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'tmux -S "$dir/tmux" kill-server 2>/dev/null || true; rm -rf "$dir"' EXIT
go build -o "$dir/etl" ./examples/etl
tmux -S "$dir/tmux" -f /dev/null new-session -d -x 112 -y 12 \
	"cd $dir && exec env -i HOME=$dir PATH=$dir:/usr/bin:/bin LANG=C.UTF-8 TERM=xterm-256color PS1='\$ ' sh"
sleep 1
tmux -S "$dir/tmux" send-keys "clear" Enter
sleep 1
tmux -S "$dir/tmux" send-keys "etl -rpm 1500 -sim-item-busy 0.05 -sim-cut 0.01 -generate 12000" Enter
sleep 4
tmux -S "$dir/tmux" capture-pane -e -p >"$dir/screen"
echo >>"$dir/screen"
# The prompt comes back when the load has ended.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	sleep 1
	tmux -S "$dir/tmux" capture-pane -e -p >"$dir/end"
	[ "$(grep -c '^\$' "$dir/end")" -lt 2 ] || break
done
# What the first screen shows already is left out of the second.
grep -v '^$' "$dir/screen" >"$dir/first"
grep -v '^$' "$dir/end" | tail -n +3 >"$dir/second"
cat "$dir/first" "$dir/second" | awk '
function plain(s) { gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); return s }
# colour turns SGR sequences into spans: 36 is the bar, 31 what failed, 33 what is to be looked at, 32 what is done.
function colour(s,    out, code, open) {
	while (match(s, /\033\[[0-9;]*m/)) {
		out = out plain(substr(s, 1, RSTART - 1))
		code = substr(s, RSTART + 2, RLENGTH - 3)
		s = substr(s, RSTART + RLENGTH)
		if (open) { out = out "</tspan>"; open = 0 }
		if (code ~ /^3[1236]$/) { out = out "<tspan class=\"c" code "\">"; open = 1 }
	}
	return out plain(s) (open ? "</tspan>" : "")
}
{ lines[NR] = colour($0) }
END {
	height = 20 * NR + 24
	print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 960 " height "\" role=\"img\" aria-label=\"A session of etl in a terminal\">"
	print "<style>.bg{fill:#fbfbfa;stroke:#d5d9de}text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;fill:#1f2328;white-space:pre}" \
		".c36{fill:#0f7285}.c31{fill:#b83227}.c33{fill:#8a5a00}.c32{fill:#1d7a46}" \
		"@media(prefers-color-scheme:dark){.bg{fill:#14171b;stroke:#31373f}text{fill:#e7eaee}.c36{fill:#5cc8dc}.c31{fill:#ef7d72}.c33{fill:#e5b04d}.c32{fill:#5cc48a}}</style>"
	print "<rect class=\"bg\" x=\"0.5\" y=\"0.5\" width=\"959\" height=\"" height - 1 "\" rx=\"8\"/>"
	for (i = 1; i <= NR; i++) print "<text x=\"14\" y=\"" 20 * i + 8 "\" xml:space=\"preserve\">" lines[i] "</text>"
	print "</svg>"
}'
