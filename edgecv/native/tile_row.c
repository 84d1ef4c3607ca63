/* The fused pass for each instruction set; background.c chooses at run time. */
#include "kernel.h"

#define TARGET
#define NAME(x) x##_base
#include "tile_row.inc"
#undef TARGET
#undef NAME

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2")))
#define NAME(x) x##_avx2
#include "tile_row.inc"
#undef TARGET
#undef NAME

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,prefer-vector-width=512")))
#define NAME(x) x##_avx512
#include "tile_row.inc"
#endif
