/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CRC-32C (Castagnoli), the checksum of iSCSI and ext4: finds any damage of up to 32 bits in a row. */
#ifndef JOURNAL_DURABLE_CRC_H
#define JOURNAL_DURABLE_CRC_H

#include "base/dialect.h"

/* Returns the checksum of bytes that follow those whose checksum is crc, 0 for the first. */
uint32_t crc_of(uint32_t crc, const void *data, size_t size);

#endif
