#!/bin/sh
# Rebuilds the study's networks from nothing: the codes by Node, the networks by PyTorch. Names of runs as arguments; all unless given.
set -eu
cd "$(dirname "$0")/.."
node training/study/write-pairs.ts training/study/build/pairs
exec python3 training/study/train.py "${@:-all}"
