#!/usr/bin/env bash
# The largest difference of each comparison of a statistic with its oracle: file and line, how many numbers, largest difference (relative
# above 1, absolute below), tolerance. `tests/README.md` says what is compared at each line. Needs the real data.
set -euo pipefail
cd "$(dirname "$0")/.."
CITYBRAIN_PROOF=1 cargo test --quiet -p citybrain-stats --lib -- --nocapture --test-threads 1 2>/dev/null |
  awk -F '\t' '{ sub(/^.*proof/, "proof", $1) } $1 == "proof" { n[$2]++; if ($3 + 0 >= most[$2] + 0) most[$2] = $3; tolerance[$2] = $4 }
    END { for (at in n) print at "\t" n[at] "\t" most[at] "\t" tolerance[at] }' | sort -V
