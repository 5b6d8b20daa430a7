# Sourced by the other shell scripts: --help prints the comment at the top of the script, and so does `usage`.
this_script=$(realpath "$0")
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$this_script"; }
if [[ ${1:-} == --help || ${1:-} == -h ]]; then
    usage
    exit 0
fi
