/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_vm_assist: what Linux switches on, and what is not there. */
#include <pv/pv.h>

int main(void)
{
    is(HC2(vm_assist, VMASST_CMD_enable, VMASST_TYPE_4gb_segments), 0,
       "4gb_segments");
    is(HC2(vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0,
       "writable_pagetables");
    is(HC2(vm_assist, VMASST_CMD_enable, VMASST_TYPE_pae_extended_cr3), 0,
       "pae_extended_cr3");
    is(HC2(vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0,
       "runstate_update_flag");
    is(HC2(vm_assist, VMASST_CMD_disable, VMASST_TYPE_runstate_update_flag), 0,
       "and off");
    is(HC2(vm_assist, VMASST_CMD_enable, 40), -EINVAL, "no such assist");
    is(HC2(vm_assist, 7, VMASST_TYPE_4gb_segments), -ENOSYS, "no such command");
    return 0;
}
