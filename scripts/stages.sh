# Sourced by .ci/run and nightly.sh: runs named stages one after the other and prints a table of their minutes at the end, even
# if one fails.
stage_names=() stage_seconds=() failed_stages=()

stage() {   # NAME COMMAND...: status of the command
    local name=$1 start=$SECONDS status=0
    shift
    echo "== $name" >&2
    "$@" || status=$?
    stage_names+=("$name") stage_seconds+=($((SECONDS - start)))
    [[ $status -eq 0 ]] || failed_stages+=("$name")
    return $status
}

print_stages() {
    local i total=0
    printf '\n%-22s %s\n' stage minutes
    for i in "${!stage_names[@]}"; do
        printf '%-22s %7.1f\n' "${stage_names[i]}" "$((stage_seconds[i] * 100 / 60))e-2"
        total=$((total + stage_seconds[i]))
    done
    printf '%-22s %7.1f\n' all "$((total * 100 / 60))e-2"
    [[ ${#failed_stages[@]} -eq 0 ]] || echo "failed: ${failed_stages[*]}"
}
trap print_stages EXIT
