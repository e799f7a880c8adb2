# SPDX-License-Identifier: MIT
# Backends: common/, the daemon library and our other libraries are linked into
# each.

BACKEND_LIBS := $(addprefix $(O)/tools/,libs/daemon.a libxenstore.a libs/linked_in.a)

BACKEND_COMMON := $(addprefix backends/common/, \
    backend_main.c syscall_filter.c kernel_driver.c ring.c grant_map.c ports.c \
    device_node.c store_client.c handover.c record.c kept_nodes.c xenbus_state.c \
    xenbus_nodes.c xenbus_watch.c xenbus.c io_ring.c)

BLOCK_BACKEND := $(addprefix backends/block/, \
    main.c settings.c limit.c queue.c job.c copies.c record.c request.c pages.c pool.c medium.c medium_id.c claim.c storage.c \
    threads.c resize.c sysfs.c nbd.c nbd_server.c nbd_view.c nbd_way.c nbd_filter.c libnbd.c target.c)

NET_BACKEND := $(addprefix backends/net/, \
    main.c queue.c answers.c credit.c tx.c rx.c gather.c slots.c offload.c join.c multicast.c hash.c wishes.c ctrl.c link.c tap.c tap_batch.c) \
    backends/common/grant_arena.c

SUPERVISOR := backends/net/tap.c backends/block/medium_id.c \
    $(addprefix backends/supervisor/, main.c device.c device_keep.c devices.c interface.c kept_medium.c kernel_choice.c worker.c \
        device_gate.c device_log.c device_status.c disk_answers.c disk_stats.c) \
    $(addprefix backends/common/, device_node.c kernel_driver.c store_client.c store_gate.c \
        handover.c domain_over.c)

# The console daemon and the supervisor ask the hypervisor which domains there are.
CPPFLAGS_backends += -D__XEN_TOOLS__ -Itools/libs/ctrl

# The backend of all PV consoles, at the path where init scripts look.
XENCONSOLED := $(addprefix backends/console/, \
    main.c parent.c page.c given.c gate.c keeper_reach.c terminal.c serving.c sandbox.c errand.c consoles.c console.c \
    hypervisor.c ring.c output.c progress.c log_file.c keep.c keep_wire.c) \
    $(addprefix backends/common/, grant_map.c ports.c store_client.c store_gate.c)

$(eval $(call program,usr/lib/xen-lite/bin/xen-block-backend,$(BLOCK_BACKEND) $(BACKEND_COMMON), \
    $(BACKEND_LIBS) -luring -lseccomp))
$(eval $(call program,usr/sbin/xen-backendd,$(SUPERVISOR),$(BACKEND_LIBS)))
$(eval $(call program,usr/lib/xen-lite/bin/xen-net-backend,$(NET_BACKEND) $(BACKEND_COMMON), \
    $(BACKEND_LIBS) -luring -lseccomp))

$(eval $(call program,usr/lib/xen-lite/bin/xen-console-keeper,\
    $(addprefix backends/console/,keeper.c keep_wire.c),$(BACKEND_LIBS) -lseccomp))
$(eval $(call program,usr/sbin/xenconsoled,$(XENCONSOLED),$(BACKEND_LIBS) -lseccomp))

$(eval $(call unit_test,backend_ring,tests/unit/backend_ring.c backends/common/ring.c))
$(eval $(call unit_test,backend_ports,tests/unit/backend_ports.c backends/common/ports.c \
    $(addprefix tools/libs/daemon/,event_loop.c log.c),-lxentoollog))
$(eval $(call unit_test,backend_filter,$(addprefix tests/unit/,backend_filter.c tried_call.c) \
    backends/common/syscall_filter.c $(addprefix tools/libs/daemon/,filter.c filter_guests.c),-lseccomp))
$(eval $(call unit_test,backend_record,tests/unit/backend_record.c \
    $(addprefix backends/common/,record.c kept_nodes.c) \
    $(addprefix backends/block/,medium.c medium_id.c claim.c storage.c threads.c sysfs.c) backends/common/io_ring.c tools/libs/daemon/log.c,\
    -luring -lxentoollog))
$(eval $(call unit_test,backend_arena,$(addprefix tests/unit/,backend_arena.c fake_xen.c) \
    $(addprefix backends/common/,grant_map.c grant_arena.c) tools/libs/daemon/log.c,-lxentoollog))
$(eval $(call unit_test,backend_privileges,tests/unit/backend_privileges.c \
    $(addprefix backends/block/,medium.c medium_id.c claim.c storage.c threads.c sysfs.c) \
    $(addprefix backends/common/,io_ring.c syscall_filter.c) \
    $(addprefix tools/libs/daemon/,log.c privileges.c filter.c filter_guests.c),\
    -luring -lseccomp -lxentoollog))
$(eval $(call unit_test,block_request,tests/unit/block_request.c backends/block/request.c))
$(eval $(call unit_test,block_limit,tests/unit/block_limit.c backends/block/limit.c \
    tools/libs/daemon/event_loop.c tools/libs/daemon/log.c,-lxentoollog))
$(eval $(call unit_test,block_pool,tests/unit/block_pool.c backends/block/pool.c))
BLOCK_WORLD := $(addprefix tests/unit/,block_world.c fake_xen.c) \
    $(addprefix backends/block/,limit.c queue.c job.c copies.c record.c request.c pages.c pool.c) \
    $(addprefix backends/common/,ring.c grant_map.c) \
    $(addprefix tools/libs/daemon/,event_loop.c log.c)
$(eval $(call unit_test,block_queue,tests/unit/block_queue.c $(BLOCK_WORLD),-lxentoollog \
    -Wl$(comma)--wrap=back_ring_take))
$(eval $(call unit_test,block_resume,$(addprefix tests/unit/,block_resume.c each_store.c) \
    $(BLOCK_WORLD),-lxentoollog))
MEDIA_WORLD := tests/unit/media_world.c \
    $(addprefix backends/block/,medium.c medium_id.c claim.c storage.c threads.c resize.c sysfs.c) backends/common/io_ring.c \
    $(addprefix tools/libs/daemon/,event_loop.c log.c)
$(foreach t,io sectors size users,$(eval $(call unit_test,block_$(t),\
    tests/unit/block_$(t).c $(MEDIA_WORLD),-luring -lxentoollog)))
$(eval $(call unit_test,block_device,\
    $(addprefix tests/unit/,block_device.c played_store.c fake_xen.c) \
    $(addprefix backends/block/,settings.c limit.c queue.c job.c copies.c record.c request.c pages.c pool.c target.c medium_id.c) \
    $(addprefix backends/common/,ring.c grant_map.c xenbus.c xenbus_nodes.c xenbus_watch.c xenbus_state.c kept_nodes.c record.c store_client.c device_node.c) \
    $(addprefix tools/libs/daemon/,event_loop.c log.c),-lxentoollog))
NBD_WORLD := tests/unit/nbd_world.c \
    $(addprefix backends/block/,nbd.c nbd_server.c nbd_view.c nbd_way.c nbd_filter.c libnbd.c target.c medium.c medium_id.c claim.c storage.c threads.c sysfs.c) \
    $(addprefix backends/common/,io_ring.c record.c) \
    $(addprefix tools/libs/daemon/,event_loop.c log.c)
$(foreach t,nbd nbd_elsewhere nbd_hostile nbd_view,$(eval $(call unit_test,block_$(t),\
    tests/unit/block_$(t).c $(NBD_WORLD),-luring -lseccomp -lxentoollog)))
$(eval $(call unit_test,block_target,tests/unit/block_target.c backends/block/target.c \
    tools/libs/daemon/log.c,-lxentoollog))
$(eval $(call unit_test,block_nbd_filter,tests/unit/block_nbd_filter.c backends/block/nbd_filter.c,-lseccomp))
NET_QUEUE := \
    $(addprefix backends/net/,queue.c answers.c credit.c tx.c rx.c gather.c slots.c offload.c join.c multicast.c hash.c) \
    $(addprefix backends/common/,ring.c grant_map.c grant_arena.c) \
    $(addprefix tools/libs/daemon/,event_loop.c log.c)
NET_WORLD := $(addprefix tests/unit/,net_world.c net_flow.c fake_xen.c) $(NET_QUEUE)
$(foreach t,stall rate,$(eval $(call unit_test,net_$(t),\
    tests/unit/net_$(t).c $(NET_WORLD),-lxentoollog)))
$(eval $(call unit_test,net_queue,tests/unit/net_queue.c $(NET_WORLD),-lxentoollog \
    -Wl$(comma)--wrap=back_ring_take$(comma)--wrap=back_ring_give_back))
$(eval $(call unit_test,net_death,$(addprefix tests/unit/,net_death.c each_store.c) \
    $(NET_WORLD),-lxentoollog))
$(eval $(call unit_test,net_spread,\
    $(addprefix tests/unit/,net_spread.c net_flow.c fake_xen.c) $(NET_QUEUE),-lxentoollog))
$(eval $(call unit_test,net_tap,tests/unit/net_tap.c backends/net/tap.c \
    tools/libs/daemon/log.c,-lxentoollog \
    $(addprefix -Wl$(comma)--wrap=,open ioctl if_nametoindex)))
$(eval $(call unit_test,net_tap_batch,tests/unit/net_tap_batch.c backends/net/tap_batch.c \
    backends/common/io_ring.c tools/libs/daemon/log.c,-luring -lxentoollog \
    -Wl$(comma)--wrap=io_uring_submit -Wl$(comma)--wrap=__io_uring_get_cqe))
$(eval $(call unit_test,net_join,$(addprefix tests/unit/,net_join.c net_flow.c) \
    $(addprefix backends/net/,join.c offload.c)))
$(eval $(call unit_test,net_hash,$(addprefix tests/unit/,net_hash.c each_store.c fake_xen.c) \
    $(addprefix backends/net/,ctrl.c hash.c offload.c answers.c) \
    $(addprefix backends/common/,ring.c grant_map.c grant_arena.c) \
    $(addprefix tools/libs/daemon/,event_loop.c log.c),-lxentoollog))
$(eval $(call unit_test,net_device,\
    $(addprefix tests/unit/,net_device.c played_store.c net_flow.c fake_xen.c) $(NET_QUEUE) $(addprefix backends/net/,ctrl.c wishes.c) \
    $(addprefix backends/common/,xenbus.c xenbus_nodes.c xenbus_watch.c xenbus_state.c kept_nodes.c record.c store_client.c device_node.c),\
    -lxentoollog))
$(eval $(call unit_test,net_link,tests/unit/net_link.c backends/net/link.c \
    $(addprefix tools/libs/daemon/,event_loop.c log.c),-lxentoollog))
$(eval $(call unit_test,net_wishes,tests/unit/net_wishes.c backends/net/wishes.c))
$(eval $(call unit_test,net_gather,tests/unit/net_gather.c backends/net/gather.c))
$(eval $(call unit_test,net_slots,tests/unit/net_slots.c backends/net/slots.c \
    backends/net/offload.c))
$(eval $(call unit_test,xenbus_state,tests/unit/xenbus_state.c backends/common/xenbus_state.c))
XENBUS_WORLD := $(addprefix tests/unit/,xenbus_world.c played_store.c) \
    $(addprefix backends/common/,xenbus.c xenbus_nodes.c xenbus_watch.c xenbus_state.c kept_nodes.c record.c store_client.c device_node.c) \
    $(addprefix tools/libs/daemon/,event_loop.c log.c)
$(foreach t,device opening hanging successor,$(eval $(call unit_test,xenbus_$(t),\
    tests/unit/xenbus_$(t).c $(XENBUS_WORLD),-lxentoollog)))

SUPERVISED := tests/unit/played_devices.c backends/block/medium_id.c \
    $(addprefix backends/supervisor/,device.c device_keep.c devices.c kept_medium.c worker.c device_gate.c device_log.c \
        device_status.c disk_stats.c) \
    $(addprefix backends/common/,device_node.c handover.c store_gate.c) \
    $(addprefix tools/libs/daemon/,event_loop.c log.c pid_lock.c)
$(eval $(call unit_test,store_gate,$(addprefix tests/unit/,store_gate.c gate_world.c) \
    backends/common/store_gate.c backends/supervisor/device_gate.c \
    $(addprefix tools/libs/daemon/,event_loop.c log.c),-lxentoollog))
SUPERVISOR_WORLD := tests/unit/supervisor_world.c $(SUPERVISED)
$(foreach t,errors successors adopts medium stop store,$(eval $(call unit_test,supervisor_$(t),\
    tests/unit/supervisor_$(t).c $(SUPERVISOR_WORLD),-lxentoollog)))
$(eval $(call unit_test,supervisor_kernel,tests/unit/supervisor_kernel.c \
    backends/supervisor/kernel_choice.c $(SUPERVISOR_WORLD),-lxentoollog))
$(eval $(call unit_test,supervisor_stats,tests/unit/supervisor_stats.c \
    $(SUPERVISOR_WORLD),-lyajl -lxentoollog))
$(eval $(call unit_test,supervisor_parts,tests/unit/supervisor_parts.c $(SUPERVISED),-lxentoollog))
$(eval $(call unit_test,supervisor_kill,tests/unit/supervisor_kill.c $(SUPERVISED),-lxentoollog))
$(eval $(call unit_test,console_ring,tests/unit/console_ring.c backends/console/ring.c))
$(eval $(call unit_test,console_output,tests/unit/console_output.c \
    tests/unit/console_errands.c $(addprefix backends/console/,ring.c page.c progress.c log_file.c terminal.c) \
    $(addprefix tools/libs/daemon/,log.c log_open.c),-lxentoollog))
$(eval $(call unit_test,console_log,tests/unit/console_log.c tests/unit/console_errands.c \
    $(addprefix backends/console/,page.c log_file.c terminal.c) \
    $(addprefix tools/libs/daemon/,log.c log_open.c),-lxentoollog))
CONSOLE_WORLD := $(addprefix tests/unit/,played_consoles.c console_errands.c) \
    $(addprefix backends/console/,console.c ring.c output.c page.c progress.c log_file.c terminal.c) \
    $(addprefix tools/libs/daemon/,event_loop.c log.c log_open.c)
$(eval $(call unit_test,console_serve,tests/unit/console_serve.c $(CONSOLE_WORLD),-lxentoollog))
$(eval $(call unit_test,console_domains,tests/unit/console_domains.c \
    $(addprefix tools/libs/daemon/,event_loop.c log.c),-lxentoollog))
CFLAGS_tests/unit/console_world := $(CPPFLAGS_backends)
CONSOLE_PARENT := $(addprefix tests/unit/,console_world.c taken_over.c) \
    $(addprefix backends/console/,parent.c page.c given.c errand.c gate.c keeper_reach.c keep_wire.c terminal.c) \
    backends/common/store_gate.c $(addprefix tools/libs/daemon/,daemonise.c log.c log_open.c notify.c \
        pid_lock.c pair.c errand.c signals.c event_loop.c fd_message.c)
$(eval $(call unit_test,console_parent,tests/unit/console_parent.c $(CONSOLE_PARENT),-lxentoollog))
$(eval $(call unit_test,console_parent_logs,tests/unit/console_parent_logs.c $(CONSOLE_PARENT),-lxentoollog))
$(eval $(call unit_test,console_serving,tests/unit/console_serving.c backends/console/serving.c \
    tools/libs/daemon/log.c,-lxentoollog))
$(eval $(call unit_test,console_gate,$(addprefix tests/unit/,console_gate.c gate_world.c) \
    backends/console/gate.c backends/common/store_gate.c \
    $(addprefix tools/libs/daemon/,event_loop.c log.c),-lxentoollog))
$(eval $(call unit_test,console_sandbox,$(addprefix tests/unit/,console_sandbox.c prison.c tried_call.c) \
    backends/console/sandbox.c $(addprefix tools/libs/daemon/,privileges.c filter.c filter_guests.c sandbox.c \
        log.c pair.c signals.c event_loop.c daemonise.c notify.c pid_lock.c),-lseccomp -lxentoollog))
$(eval $(call unit_test,console_keep,tests/unit/console_keep.c \
    $(addprefix backends/console/,keep.c keep_wire.c keeper_reach.c) \
    $(addprefix tools/libs/daemon/,event_loop.c log.c fd_message.c),-lxentoollog))

# Guests that lie, with a thread that writes into what they share. FUZZ_COUNT
# for more than a few seconds of it; see tests/long/fuzz.t.
$(eval $(call unit_test,fuzz_block,$(addprefix tests/fuzz/,block_ring.c meddler.c) \
    $(BLOCK_WORLD),-pthread -lxentoollog))
$(eval $(call unit_test,fuzz_net,$(addprefix tests/fuzz/,net_rings.c meddler.c) \
    $(addprefix tests/unit/,net_flow.c fake_xen.c) $(NET_QUEUE) backends/net/ctrl.c,-pthread -lxentoollog))
$(eval $(call unit_test,fuzz_console,$(addprefix tests/fuzz/,console_ring.c meddler.c) \
    $(CONSOLE_WORLD),-pthread -lxentoollog))
$(eval $(call unit_test,fuzz_nodes,\
    $(addprefix tests/fuzz/,frontend_nodes.c vbd_main.c vif_main.c meddler.c) backends/block/settings.c \
    $(addprefix tests/unit/,played_store.c fake_xen.c) \
    $(addprefix backends/block/,limit.c queue.c job.c copies.c record.c request.c pages.c pool.c target.c medium_id.c) $(NET_QUEUE) $(addprefix backends/net/,ctrl.c wishes.c) \
    $(addprefix backends/common/,xenbus.c xenbus_nodes.c xenbus_watch.c xenbus_state.c kept_nodes.c record.c store_client.c device_node.c),\
    -pthread -lxentoollog))

# Plays a guest that lies; tests/system/backends.t takes it into dom0.
HOSTILE_FRONTEND := $(O)/tests/fuzz/hostile-frontend
$(HOSTILE_FRONTEND): tests/fuzz/hostile_frontend.c $(filter $(O)/%,$(BACKEND_LIBS))
	$(call say,CC,$<)mkdir -p $(@D); \
	    $(CC) $(USER_CFLAGS) $(USER_CPPFLAGS) -o $@ $< -Wl,-rpath,/usr/lib/xen-lite $(BACKEND_LIBS) \
	    -lpthread
check-build: $(HOSTILE_FRONTEND)

# What a process without privileges can still do; backends.t, too.
PRISONER := $(O)/tests/system/prisoner
$(PRISONER): tests/system/prisoner.c $(addprefix backends/common/,syscall_filter.c \
        syscall_filter.h) $(filter $(O)/%,$(BACKEND_LIBS))
	$(call say,CC,$<)mkdir -p $(@D); \
	    $(CC) $(USER_CFLAGS) $(USER_CPPFLAGS) -o $@ $(filter %.c,$^) -Wl,-rpath,/usr/lib/xen-lite \
	    $(BACKEND_LIBS) -lseccomp
check-build: $(PRISONER)

$(eval $(call man_page,backends/console/xenconsoled.8,xen-console-keeper))
$(eval $(call man_page,backends/supervisor/xen-backendd.8,xen-block-backend xen-net-backend))
