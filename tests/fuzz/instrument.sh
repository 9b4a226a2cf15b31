#!/bin/sh
# Stands before rustc in builds of the fuzz targets: counters of coverage and comparisons for what reads untrusted octets, none for the
# mathematics, which runs at full speed.
name=
for argument; do
    [ "$name" != - ] || { name=$argument && break; }
    [ "$argument" != --crate-name ] || name=-
done
case $name in
smime | der | cms | spki | x509_cert | mail_parser | idna)
    exec "$@" -Ccodegen-units=1 -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
*) exec "$@" ;;
esac
