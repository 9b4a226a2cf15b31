#!/usr/bin/env bash
# Bouncy Castle as a peer (Debian's libbcmail-java, and a Java 17 compiler): bouncycastle.sh VERB [ARGUMENT…] < input > output.
#
# Compiles bouncycastle/Peer.java once into ${XDG_CACHE_HOME:-~/.cache}/smime-peers; without arguments prints Bouncy Castle's version, or fails.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
jars=/usr/share/java
classpath=$jars/bcprov.jar:$jars/bcutil.jar:$jars/bcpkix.jar:$jars/bcmail.jar
source=$here/bouncycastle/Peer.java
[[ -e $jars/bcmail.jar ]] || { echo "no $jars/bcmail.jar (libbcmail-java)" >&2; exit 1; }
classes=${XDG_CACHE_HOME:-$HOME/.cache}/smime-peers/bouncycastle-$(sha256sum "$source" | cut -c1-16)
if [[ ! -e $classes/Peer.class ]]; then
    mkdir -p "$(dirname "$classes")"
    new=$(mktemp -d "$classes.XXXXXX")
    javac -nowarn -cp "$classpath" -d "$new" "$source"
    # whole or not at all; whoever comes second throws his away
    mv -T "$new" "$classes" 2>/dev/null || rm -rf "$new"
fi
if (($# == 0)); then
    basename "$(readlink -f "$jars/bcmail.jar")" .jar
    exit
fi
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto -cp "$classpath:$classes" Peer "$@"
