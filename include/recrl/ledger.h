/* SPDX-License-Identifier: MIT */
/* recrl/ledger.h: sessions that do not march in step, and the log as blobs. */
#ifndef RECRL_LEDGER_H
#define RECRL_LEDGER_H

#include <recrl/base.h>
#include <recrl/buffer.h>
#include <recrl/config.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
