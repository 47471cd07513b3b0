/* SPDX-License-Identifier: MIT */
/* Front door of status codes. */
#include "core/status.h"

const char *rr_status_name(rr_status status)
{
    return rri_status_name(status);
}

const char *rr_status_text(rr_status status)
{
    return rri_status_text(status);
}
