#!/usr/bin/env bash
# Makes the keys and certificates of the fuzz targets anew: small and quick to check (Ed25519, X25519), with every extension that a path
# looks at. Needs OpenSSL 4 (tests/peers/openssl4.sh). What was kept in the corpora is of less use afterwards.
set -euo pipefail
cd "$(dirname "$0")"
export OPENSSL_CONF=../../peers/openssl.cnf
openssl=$(../../peers/openssl4.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
exec 2>"$work/log"
dates=(-not_before 20260101000000Z -not_after 20460101000000Z)

certificate() { # NAME ALGORITHM ISSUER "EXTENSIONS"
    "$openssl" genpkey -algorithm "$2" -out "$work/$1.key"
    "$openssl" pkey -in "$work/$1.key" -pubout -out "$work/$1.pub"
    printf '%b\n' "$4" >"$work/extensions"
    local by=(-CA "$work/$3.pem" -CAkey "$work/$3.key")
    [[ $1 != "$3" ]] || by=(-signkey "$work/$1.key")
    [[ $1 == "$3" ]] || by+=(-force_pubkey "$work/$1.pub")
    "$openssl" x509 -new "${by[@]}" -subj "/O=Fuzz/CN=$1" -extfile "$work/extensions" "${dates[@]}" -out "$work/$1.pem"
}
ca='basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash'
person='extendedKeyUsage=emailProtection\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\ncertificatePolicies=1.3.6.1.4.1.55555.1\ncrlDistributionPoints=URI:http://crl.example/ca.crl\nauthorityInfoAccess=OCSP;URI:http://ocsp.example/'
certificate root ed25519 root "$ca"
certificate ca ed25519 root "$ca\nauthorityKeyIdentifier=keyid\nnameConstraints=permitted;email:example.com,excluded;email:.evil.example.com\ncertificatePolicies=1.3.6.1.4.1.55555.1\npolicyConstraints=requireExplicitPolicy:3"
certificate alice ed25519 ca "keyUsage=critical,digitalSignature\nsubjectAltName=email:alice@example.com\n$person"
certificate bob x25519 ca "keyUsage=critical,keyAgreement\nsubjectAltName=email:bob@example.com\n$person"
for who in root ca alice bob; do cat "$work/$who.key" "$work/$who.pem" >$who.pem; done

for issuer in root ca; do
    printf 'R\t460101000000Z\t260101000000Z,keyCompromise\t55\tunknown\t/CN=Lost\n' >"$work/index"
    echo 01 >"$work/number"
    printf '%s\n' '[ca]' 'default_ca=it' '[it]' "database=$work/index" "crlnumber=$work/number" 'default_md=default' \
        'crl_extensions=of_crl' '[of_crl]' 'authorityKeyIdentifier=keyid' >"$work/ca.cnf"
    "$openssl" ca -gencrl -config "$work/ca.cnf" -cert "$work/$issuer.pem" -keyfile "$work/$issuer.key" \
        -crl_lastupdate 20260101000000Z -crl_nextupdate 20460101000000Z -out $issuer.crl.pem
done
serial=$("$openssl" x509 -in "$work/alice.pem" -noout -serial)
printf 'V\t460101000000Z\t\t%s\tunknown\t/O=Fuzz/CN=alice\n' "${serial#serial=}" >"$work/index"
"$openssl" ocsp -index "$work/index" -CA "$work/ca.pem" -rsigner "$work/ca.pem" -rkey "$work/ca.key" -issuer "$work/ca.pem" \
    -cert "$work/alice.pem" -no_nonce -ndays 7000 -respout alice.ocsp.der >"$work/out"
