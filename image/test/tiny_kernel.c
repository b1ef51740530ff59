/* An arm64 "kernel" for the tests of the boot script: it says on the serial line what it was started with, as
 * "[kernel|INITRD|COMMAND LINE]", and resets the machine. Of the initrd it says what is there up to the first NUL.
 * Built with -nostdlib -fpie; it runs on the stack that U-Boot leaves, wherever it is put. */
__asm__(".pushsection .head, \"ax\"\n"
        "    b entry\n"
        "    .long 0\n"
        "    .quad 0, 0x100000, 0xa, 0, 0, 0\n" /* no offset, 1 MiB, 4 KiB pages and anywhere in memory */
        "    .ascii \"ARM\\x64\"\n"
        "    .long 0\n"
        "entry:\n"
        "    adr x1, entry\n"
        "    b start\n"
        ".popsection");

typedef unsigned int u32;
typedef unsigned long u64;

static volatile u32 *word(u64 address) { return (volatile u32 *)address; }

static int is_virt; /* else raspi3b */

static void say(const char *text)
{
    for (; *text; text++) {
        if (is_virt) {
            *word(0x09000000) = *text; /* PL011, which never keeps one waiting in QEMU */
        } else {
            while (!(*word(0x3f215054) & 0x20)) /* the small UART of the Pi */
                ;
            *word(0x3f215040) = *text;
        }
    }
}

static u32 big(const void *at)
{
    const unsigned char *b = at;
    return (u32)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

static int same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

/* A property of that name, wherever in the flattened tree: these two are in /chosen only. */
static const char *property(const char *tree, const char *name)
{
    const char *at = tree + big(tree + 8), *names = tree + big(tree + 12);
    for (;;) {
        u32 token = big(at);
        at += 4;
        if (token == 1) { /* a node begins: its name */
            while (*at++)
                ;
            at = (const char *)(((u64)at + 3) & ~3ul);
        } else if (token == 3) {
            u32 length = big(at);
            if (same(names + big(at + 4), name))
                return at + 8;
            at += 8 + ((length + 3) & ~3u);
        } else if (token == 9) {
            return 0;
        }
    }
}

void start(const char *tree, u64 here)
{
    is_virt = here >= 0x40000000;
    const char *initrd = property(tree, "linux,initrd-start");
    const char *line = property(tree, "bootargs");
    say("[kernel|");
    if (initrd) /* its length in bytes, 4 or 8, is two words before it */
        say((const char *)(u64)big(initrd + big(initrd - 8) - 4));
    say("|");
    say(line ? line : "");
    say("]\r\n");
    if (is_virt) {
        register u64 call __asm__("x0") = 0x84000009; /* PSCI: reset */
        __asm__ volatile("hvc #0" : : "r"(call));
    } else {
        *word(0x3f100024) = 0x5a000001; /* the watchdog, which is how a Pi resets */
        *word(0x3f10001c) = 0x5a000020;
    }
    for (;;)
        ;
}
