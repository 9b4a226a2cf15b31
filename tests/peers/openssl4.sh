#!/usr/bin/env bash
# Builds OpenSSL 4.0 once, from the source that crate openssl-src carries, and prints the path of the program.
#
# It is a peer of the tests, for what Debian's 3.0 cannot do: Ed25519 in CMS, dates of certificates. It needs perl, make and a C compiler, and is kept in
# ${XDG_CACHE_HOME:-~/.cache}/smime-peers. Set OPENSSL_CONF to an existing file to run it (tests/peers/openssl.cnf).
set -euo pipefail

crate=400.0.2
cache=${XDG_CACHE_HOME:-$HOME/.cache}/smime-peers
# as its makers compile it: benchmarks are made beside it
program=$cache/openssl-src-$crate-O3/openssl

if [[ ! -x $program ]]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/src"
    cat >"$work/Cargo.toml" <<END
[package]
name = "peer"
version = "0.0.0"
edition = "2021"
[dependencies]
openssl-src = "=$crate"
[workspace]
END
    : >"$work/src/lib.rs"
    (
        cd "$work"
        cargo vendor --quiet vendor
        cd vendor/openssl-src*/openssl
        # the crate's source is trimmed: no-module, no-tests, no-docs and no-makedepend are what it can do
        ./Configure linux-"$(uname -m)" no-shared no-module no-tests no-docs no-makedepend \
            no-quic no-dtls no-engine no-async no-sm2 no-sm3 no-sm4 no-aria no-camellia no-seed no-idea no-bf no-cast no-whirlpool no-comp
        make build_generated
        make -j"$(nproc)" apps/openssl
    ) >"$work/log" 2>&1 || { tail -50 "$work/log" >&2; exit 1; }
    mkdir -p "$(dirname "$program")"
    # whole or not at all
    cp "$work"/vendor/openssl-src*/openssl/apps/openssl "$program.new"
    mv "$program.new" "$program"
fi
echo "$program"
