#!/usr/bin/env bash
# usage: man_pages.sh INFSIM FOLDER
# Writes infsim.1.gz and infsim-SUBCOMMAND.1.gz into FOLDER, made by help2man from the help texts.
set -euo pipefail
infsim=$(realpath "$1")
folder=$2
version=$("$infsim" --version)
version=${version#infsim }
version=${version%%,*}
rm -rf "$folder"
mkdir -p "$folder"
told=$(mktemp -d)   # programs that say to help2man what it expects of one
trap 'rm -rf "$told"' EXIT

page() {   # NAME ABOUT WORDS...
    local name=$1 about=$2
    shift 2
    cat > "$told/$name" << END
#!/bin/sh
case \$1 in
    --version) echo "$name $version" ;;
    *) "$infsim" $* --help | sed 's/^usage: /Usage: /' ;;
esac
END
    chmod +x "$told/$name"
    help2man --no-info --name="$about" --section=1 --manual="User commands" --source="infsim $version" "$told/$name" |
        gzip -9n > "$folder/$name.1.gz"
}
page infsim "which batch of a network fits a chip, which is worth running, and what limits it"
"$infsim" --help | sed -nE 's/^  ([a-z]+) +(.*)$/\1 \2/p' | while read -r subcommand about; do
    page "infsim-$subcommand" "$about" "$subcommand"
done
