#!/usr/bin/env bash
# Peak memory (MiB of resident set) and time of each operation and form for 16 MiB and 1 GiB, from file to file and from pipe to pipe, beside `openssl cms`.
#
#   [SMIME=program] tests/bench/memory.sh [--check] [--no-openssl] [BIG]      BIG: the large size in MiB, 1024 unless told
#
# With --check it fails unless smime's memory for the large input is within 10 % and 3 MiB of that for 16 MiB (what waits between threads) and under 32 MiB, and no more than 10 MiB where
# one thing is done to a mail of 10 kB (11 where more is), and leaves OpenSSL out.
# Needs GNU time, about seven times BIG of disk space in TMPDIR and, for OpenSSL, of memory: it holds most of it.
set -euo pipefail
cd "$(dirname "$0")/../.."

check=0 peer=1 big=1024
for arg in "$@"; do
    case $arg in
    --check) check=1 peer=0 ;;
    --no-openssl) peer=0 ;;
    *) big=$arg ;;
    esac
done
[[ -x /usr/bin/time ]] || { echo "memory.sh: GNU time is not here (package time)" >&2; exit 2; }
command -v openssl >/dev/null || peer=0

smime=${SMIME:-$PWD/target/release/smime}
[[ -n ${SMIME:-} ]] || cargo build --quiet --release --locked
fixtures=$PWD/fixtures
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work

who=(-i "$fixtures/identities/alice.pem")
to=(-r "$fixtures/certs/alice.pem" -c "$fixtures/certs/intermediate.pem" -t "$fixtures/trust")
trust=(-t "$fixtures/trust")
signer=(-signer "$fixtures/certs/alice.pem" -inkey "$fixtures/keys/alice.pem" -certfile "$fixtures/certs/intermediate.pem")
recipient=(-recip "$fixtures/certs/alice.pem" -inkey "$fixtures/keys/alice.pem")
root=(-CAfile "$fixtures/trust/root.pem")

# A message of so many octets: lines of text, as mail is.
message() {
    printf 'From: alice@example.com\nTo: bob@example.com\nSubject: %s octets\nContent-Type: text/plain\n\n' "$1"
    (yes 'All that is gold does not glitter; not all those who wander are lost.' || true) | head -c "$1"
}

# The same, and what the operations make of it, in a directory of its own.
messages() { # NAME OCTETS
    mkdir "$work/$1"
    message "$2" >"$work/$1/plain"
    "$smime" sign -q "${who[@]}" -o "$work/$1/clear" "$work/$1/plain"
    "$smime" sign -q --opaque "${who[@]}" -o "$work/$1/opaque" "$work/$1/plain"
    "$smime" encrypt -q --cipher aes-256-cbc "${to[@]}" -o "$work/$1/cbc" "$work/$1/plain"
    "$smime" encrypt -q --cipher aes-256-gcm "${to[@]}" -o "$work/$1/gcm" "$work/$1/plain"
    "$smime" encrypt -q --sign "${who[@]}" "${to[@]}" -o "$work/$1/both" "$work/$1/plain"
}

# name | what it reads | our command | OpenSSL's
operations=(
    "sign clear|plain|$smime sign -q ${who[*]}|openssl cms -sign -stream ${signer[*]}"
    "sign opaque|plain|$smime sign -q --opaque ${who[*]}|openssl cms -sign -stream -nodetach ${signer[*]}"
    "encrypt CBC|plain|$smime encrypt -q --cipher aes-256-cbc ${to[*]}|openssl cms -encrypt -stream -aes-256-cbc -recip $fixtures/certs/alice.pem"
    "encrypt GCM|plain|$smime encrypt -q --cipher aes-256-gcm ${to[*]}|openssl cms -encrypt -stream -aes-256-gcm -recip $fixtures/certs/alice.pem"
    "sign+encrypt|plain|$smime encrypt -q --sign ${who[*]} ${to[*]}|openssl version"
    "triple wrap|plain|$smime encrypt -q --triple-wrap ${who[*]} ${to[*]}|openssl version"
    "open both|both|$smime open -q ${who[*]} ${trust[*]}|openssl version"
    "verify clear|clear|$smime verify -q ${trust[*]}|openssl cms -verify ${root[*]}"
    "verify opaque|opaque|$smime verify -q ${trust[*]}|openssl cms -verify ${root[*]}"
    "decrypt CBC|cbc|$smime decrypt -q ${who[*]}|openssl cms -decrypt ${recipient[*]}"
    "decrypt GCM|gcm|$smime decrypt -q ${who[*]}|openssl cms -decrypt ${recipient[*]}"
)

# KiB of what may wait between threads (src/smime/relay.rs, src/cli/behind.rs: two pieces, or five buffers, of 256 KiB and what is made of them), more or less of it as one is ahead
waiting=3072

# Runs a command line from file to file or from pipe to pipe; prints KiB and seconds.
measure() { # file|pipe INPUT COMMAND…
    local how=$1 input=$2
    shift 2
    rm -f "$work/out" "$work/usage"
    local time=(/usr/bin/time -f '%M %e' -o "$work/usage") status=0
    if [[ $how == file ]]; then
        case $1 in
        openssl) "${time[@]}" "$@" -in "$input" -out "$work/out" 2>/dev/null || status=$? ;;
        *) "${time[@]}" "$@" -o "$work/out" "$input" || status=$? ;;
        esac
    else
        case "$1 $2" in
        */smime\ verify) set -- "$@" -o - ;;
        esac
        (cat "$input" || true) | "${time[@]}" "$@" 2>/dev/null | cat >/dev/null || status=$?
    fi
    if ((status)); then echo "failed failed"; else tail -1 "$work/usage"; fi
}

mebibytes() { if [[ $1 == failed ]]; then echo failed; else awk -v k="$1" 'BEGIN { printf "%.1f", k / 1024 }'; fi; }

printf '%-14s %-5s %12s %12s %8s' operation path "16 MiB" "$big MiB" seconds
((peer)) && printf '   %12s %12s %8s' "openssl 16" "openssl $big" seconds
echo
bad=0
declare -A small large
for size in 16 "$big"; do messages "$size" "$((size << 20))"; done
for operation in "${operations[@]}"; do
    IFS='|' read -r name input ours theirs <<<"$operation"
    read -ra ours <<<"$ours"
    read -ra theirs <<<"$theirs"
    for how in file pipe; do
        read -r small_kib _ < <(measure $how "$work/16/$input" "${ours[@]}")
        read -r large_kib seconds < <(measure $how "$work/$big/$input" "${ours[@]}")
        printf '%-14s %-5s %12s %12s %8s' "$name" "$how" "$(mebibytes "$small_kib")" "$(mebibytes "$large_kib")" "$seconds"
        if ((peer)); then
            read -r a _ < <(measure $how "$work/16/$input" "${theirs[@]}")
            read -r b s < <(measure $how "$work/$big/$input" "${theirs[@]}")
            printf '   %12s %12s %8s' "$(mebibytes "$a")" "$(mebibytes "$b")" "$s"
        fi
        if [[ $small_kib == failed || $large_kib == failed ]] || ((large_kib * 10 > small_kib * 11 + waiting * 10 || large_kib > 32 * 1024)); then
            printf '   !'
            bad=1
        fi
        echo
    done
done
messages mail 10000
printf '%-14s %-5s %12s\n' operation path "10 kB"
for operation in "${operations[@]}"; do
    IFS='|' read -r name input ours _ <<<"$operation"
    read -ra ours <<<"$ours"
    for how in file pipe; do
        read -r kib _ < <(measure $how "$work/mail/$input" "${ours[@]}")
        printf '%-14s %-5s %12s' "$name" "$how" "$(mebibytes "$kib")"
        case $name in
        sign+encrypt | triple* | open*) most=11 ;;
        *) most=10 ;;
        esac
        if [[ $kib == failed ]] || ((kib > most * 1024)); then
            printf '   !'
            bad=1
        fi
        echo
    done
done
if ((check && bad)); then
    echo "memory.sh: memory grows, is over its bound, or a command failed (!)" >&2
    exit 1
fi
