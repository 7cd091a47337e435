#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Output in input order, byte for byte, whatever the chunk size: workers started by fork.

load helper

@test "order, fork: records come out in order with every chunk size, 10,000 with the default" {
	MPMAP_START_METHOD=fork check_order 10000
}

@test "order, fork: --unordered loses and repeats nothing" {
	MPMAP_START_METHOD=fork check_order_unordered
}

@test "order, fork: tasks of uneven length: stdout and stderr are each in order, no line is torn" {
	MPMAP_START_METHOD=fork check_order_uneven
}
