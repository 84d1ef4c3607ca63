/* The interface with Python, for C files. */
#ifndef EDGECV_NATIVE_H
#define EDGECV_NATIVE_H

#include <stddef.h>
#include <stdint.h>

#include "interface.h"

/* columns of a detection */
enum { DETECTION_WIDTH = 2, DETECTION_AREA = 4, DETECTION_CONTRAST = 5, DETECTION_SNR = 6 };

#endif
