#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Output in input order, byte for byte, whatever the chunk size: workers started by forkserver.

load helper

@test "order, forkserver: records come out in order with every chunk size, 3,000 with the default" {
	MPMAP_START_METHOD=forkserver check_order 3000
}

@test "order, forkserver: --unordered loses and repeats nothing" {
	MPMAP_START_METHOD=forkserver check_order_unordered
}

@test "order, forkserver: tasks of uneven length: stdout and stderr are each in order, no line is torn" {
	MPMAP_START_METHOD=forkserver check_order_uneven
}
