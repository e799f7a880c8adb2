/* SPDX-License-Identifier: MIT */
/*
 * Values of a frontend's "protocol" node: the ABI of its rings' structures. A
 * frontend that does not write the node has the native one. Whether another one
 * is understood is up to the backend; here the block backend refuses it.
 */
#ifndef __XEN_PROTOCOLS_H__
#define __XEN_PROTOCOLS_H__

#define XEN_IO_PROTO_ABI_X86_32 "x86_32-abi"
#define XEN_IO_PROTO_ABI_X86_64 "x86_64-abi"
#define XEN_IO_PROTO_ABI_ARM    "arm-abi"
#define XEN_IO_PROTO_ABI_NATIVE XEN_IO_PROTO_ABI_X86_64

#endif
