# Which slot is booted: run by U-Boot at every start, on a Pi and in QEMU alike. All numbers are hexadecimal, in the
# boot state too. Sectors are as in image/layout; the state is as in ren_device/updates/boot_state.py.
setenv copies 1000 1080
setenv names serial order left_a left_b good_a good_b

# Where RAM begins, and what is put where in it: below the last 10 MB of a board with 1f000000 bytes, where U-Boot
# lives and the Pi's firmware leaves its device tree, and not at 8000000, where QEMU leaves that of raspi3b.
if test "${devtype}" = virtio; then setenv base 40000000; else setenv base 0; fi
setexpr kernel ${base} + 400000
setexpr packed ${base} + 5000000
setexpr state ${base} + 7000000
setexpr wanted ${base} + 7002000
setexpr wanted_too ${wanted} + 8
setexpr found ${base} + 7003000
setexpr found_too ${found} + 4
setexpr initrd ${base} + 9000000

# The state, if neither copy is whole.
setenv order a b
setenv left_a a
setenv left_b a
setenv good_a 1
setenv good_b 0

# Of whole copies the one with the higher serial number counts, and the other is written next. A broken one sets nothing.
setenv newest 0
setenv older 1000
${devtype} dev ${devnum}
for copy in ${copies}; do
    setenv serial 0
    if ${devtype} read ${state} ${copy} 8; then env import -c ${state} 1000 serial; fi
    if itest ${serial} -gt ${newest}; then
        env import -c ${state} 1000 ${names}
        setenv newest ${serial}
        setexpr older 2080 - ${copy}
    fi
done
setenv serial ${newest}

setenv save 'setexpr serial ${serial} + 1; env export -c -s 1000 ${state} ${names}; ${devtype} write ${state} ${older} 8; setexpr older 2080 - ${older}'
setenv look_a 'setenv left ${left_a}; setenv good ${good_a}; setenv part 2'
setenv look_b 'setenv left ${left_b}; setenv good ${good_b}; setenv part 3'

# Both files are held against their checksums, which unzip does not do; it stops where packed begins. In which byte
# order crc32 puts a checksum down depends on how U-Boot was built: boot.crc32 has both.
setenv load_kernel 'load ${devtype} ${devnum}:${part} ${packed} vmlinuz.gz && crc32 ${packed} ${filesize} ${found}'
setenv load_initrd 'load ${devtype} ${devnum}:${part} ${initrd} initrd.img && crc32 ${initrd} ${filesize} ${found_too} && setenv initrd_bytes ${filesize}'
setenv load_sums 'load ${devtype} ${devnum}:${part} ${wanted} boot.crc32'
setenv check 'cmp.l ${wanted} ${found} 2 || cmp.l ${wanted_too} ${found} 2'
setenv load_slot 'run load_sums && run load_kernel && run load_initrd && run check && unzip ${packed} ${kernel} 4c00000'

# A trial that hangs before Linux takes over is ended by the Pi's watchdog, after sixteen seconds, all that it can wait.
# Its driver finds it running and goes on feeding it. QEMU's raspi3b, which resets at once, has no serial number.
setenv watch '
    if fdt get value emmc2 /emmc2bus compatible; then setenv power fe100000; else setenv power 3f100000; fi
    setexpr wdog ${power} + 24
    setexpr rstc ${power} + 1c
    setexpr.l reset *${rstc}
    setexpr reset ${reset} "&" ffffffcf
    setexpr reset ${reset} + 5a000020
    mw.l ${wdog} 5a0fffff
    mw.l ${rstc} ${reset}'

# The boot is counted before anything of the slot is touched.
# The Pi's firmware has put cmdline.txt, and what it knows itself, into the device tree.
setenv boot_slot '
    setexpr left_${slot} ${left} - 1
    run save
    if run load_slot; then
        fdt addr ${fdt_addr}
        if test ${good} = 1; then setenv trial 0; else setenv trial 1; fi
        if test ${trial} = 1; then if fdt get value serial_number / serial-number; then run watch; fi; fi
        setenv passed
        fdt get value passed /chosen bootargs
        setenv bootargs "${passed} ren.slot=${slot} ren.trial=${trial} ren.from=${devtype} panic=10"
        booti ${kernel} ${initrd}:${initrd_bytes} ${fdt_addr}
    fi
    echo Slot ${slot} cannot be loaded.
    setenv left_${slot} 0
    run save'

# Slots with boots left; else those that have proved themselves; else any: a system in doubt is better than none.
for round in left good any; do
    for slot in ${order}; do
        run look_${slot}
        if itest ${left} -gt 0; then run boot_slot; fi
    done
    for slot in ${order}; do
        run look_${slot}
        if test ${round} = good -o ${good} = 1; then setenv left_${slot} a; fi
    done
done
echo Neither slot can be booted. Trying again in ten seconds.
sleep 10
reset
