#!/bin/sh
# check-layers.sh - outside libraries are used in one place each, and lower layers do not include
# higher ones.
bad=0
only() { # HEADER FOLDER...
    header=$1
    shift
    pattern=$(printf '%s|' "$@" | sed 's/|$//')
    found=$(grep -rlE "#include [<\"]$header" src | grep -vE "^src/($pattern)" || true)
    [ -z "$found" ] || { echo "$header may only be included below $pattern: $found"; bad=1; }
}
only 'mpi\.h' par/
only 'hdf5' store/
only 'H5' store/
only 'cjson/' base/
only 'csv\.h' io/
only 'utf8proc\.h' text/
only 'immintrin\.h' kernels/
only 'openssl/' base/
only 'Random123/' base/
only 'cblas\.h' train/product\.c

above() { # FOLDER FORBIDDEN-HEADERS (of include/qgrid)
    found=$(grep -rnE "#include \"qgrid/($2)\.h\"" "src/$1" || true)
    [ -z "$found" ] || { echo "src/$1 must not know: $found"; bad=1; }
}
above base 'model|dataset|tokenizer|store|plan|job|par|kernel|farm|sched'
above core 'model|dataset|tokenizer|store|plan|job|par|farm|sched'
above kernels 'bench|model|dataset|tokenizer|store|plan|job|par|farm|sched|file|log'
above text 'model|store|plan|job|par|farm|sched|kernel'
above io 'model|store|plan|job|par|farm|sched|kernel|tokenizer'
above nn 'bench|store|plan|job|par|farm|sched|dataset|tokenizer'
above train 'bench|store|plan|job|par|farm|sched|dataset|tokenizer'
above xai 'bench|store|plan|job|par|farm|sched|dataset|gang|trainer|training|kernel'
above bench 'store|plan|job|par|farm|sched|dataset|tokenizer'
above eval 'model|store|plan|job|par|farm|sched|dataset|tokenizer'
above store 'model|plan|job|par|farm|sched|dataset|tokenizer|kernel'
exit $bad
