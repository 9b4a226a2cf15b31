#!/usr/bin/env bash
# Runs fuzz targets: run.sh TARGET|all EXECUTIONS|SECONDSs        (1000000 executions; 20s: twenty seconds each)
#
# Needs a stable toolchain and a C++ compiler, nothing else (`cargo fuzz run -s none TARGET` works in this directory as well). The corpus is kept
# between runs in ${SMIME_FUZZ:-~/.cache/smime-fuzz}, what was done in its file `log`; ../shared/corpora beside the checkout, where it is there, gives seeds.
# A finding ends the run with status 1 and leaves its input in the same place under `found/`; it is run again with
#     target/fuzz/release/TARGET FILE
set -euo pipefail
cd "$(dirname "$0")"

targets=(message seven_bit cms certificates pkcs12 verify decrypt_x25519 decrypt_kek)
case ${1:-} in
all) ;;
'') sed -n '2,8s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
*) targets=("$1") ;;
esac
until=${2:?how many executions, or seconds}
place=${SMIME_FUZZ:-${XDG_CACHE_HOME:-$HOME/.cache}/smime-fuzz}
mkdir -p "$place/found"

# The program's own versions of everything; what is needed besides is added to them.
cp ../../Cargo.lock Cargo.lock
export CARGO_TARGET_DIR=$PWD/../../target/fuzz
RUSTC_WRAPPER=$PWD/instrument.sh RUSTFLAGS="--cfg fuzzing" cargo build --quiet --release --bins
bin=$CARGO_TARGET_DIR/release
corpora=${SMIME_CORPORA:-}
for directory in ../../../shared/corpora ../../../../shared/corpora; do
    [[ -n $corpora || ! -d $directory ]] || corpora=$directory
done
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)

bound=(-runs="$until")
[[ $until != *s ]] || bound=(-max_total_time="${until%s}")
status=0
for target in "${targets[@]}"; do
    "$bin/seeds" "$target" "$place/$target" ${corpora:+"$corpora"}
    rc=0
    # time and memory of an input are bounded by the targets themselves (src/bounds.rs); these are for what they cannot see
    # large buffers stay with the process, instead of coming from the kernel and going back to it with each input
    MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=268435456 "$bin/$target" "${bound[@]}" -max_len=16384 -timeout=60 -rss_limit_mb=1024 -print_final_stats=1 -verbosity=0 -dict=words.dict \
        -artifact_prefix="$place/found/$target-" "$place/$target" >"$place/$target.out" 2>&1 || rc=$?
    count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$place/$target.out")
    per_second=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$place/$target.out")
    line="$(date -u +%FT%TZ) $commit $target: ${count:-0} executions, ${per_second:-0} a second, $(find "$place/$target" -type f | wc -l) inputs kept, status $rc"
    echo "$line" | tee -a "$place/log"
    if ((rc)); then
        grep -v '^stat::' "$place/$target.out" | tail -n 30 >&2
        status=1
    fi
done
exit $status
