"""The words with which a family tells its day, in English and Spanish, by what they do there.

All are written in folded letters, without apostrophes. The longest phrase counts, so that "not
feeling well" is no "not". A word stands in one place only; what it means beside others is decided
where sentences are read.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Sense(StrEnum):
    """What a word does in a sentence.

    FILL does nothing; an ARTICLE does even less and may stand beside a bare name. OK is an emoji
    that says "good" where nothing else is said. DOUBT turns a statement into none, ASK into a
    question, POLITE into a request. NOTHING is said to be said. FINISH is no report, DONE is one.
    """

    FILL = "fill"
    ARTICLE = "article"
    AND = "and"
    WITH = "with"
    WITH_ME = "with_me"
    AT = "at"
    IN = "in"
    OF = "of"
    AS = "as"
    ME = "me"
    WE = "we"
    KIN = "kin"
    YES = "yes"
    NO = "no"
    OK = "ok"
    DOUBT = "doubt"
    ASK = "ask"
    POLITE = "polite"
    BE = "be"
    PAST = "past"
    FUTURE = "future"
    NOTHING = "nothing"
    DONE = "done"
    FINISH = "finish"
    DID = "did"
    DO = "do"
    STARTED = "started"
    TOOK = "took"
    AGO = "ago"
    ALL = "all"
    BUT = "but"
    NOT = "not"
    NOT_YET = "not_yet"
    WAIT = "wait"
    LATER = "later"
    SOONER = "sooner"
    NOT_DOING = "not_doing"
    SKIP = "skip"
    UNDO = "undo"
    THAT = "that"
    SICK = "sick"
    LATE = "late"
    BACK = "back"
    START = "start"
    HALF_DAY = "half_day"
    DAY_OFF = "day_off"
    OFF = "off"
    AWAY = "away"
    TAKE = "take"
    HAVE = "have"
    I_HAVE = "i_have"
    MOVE = "move"
    DELAY = "delay"
    CHANGE = "change"
    SWAP = "swap"
    INSTEAD = "instead"
    INSTEAD_OF = "instead_of"
    LET = "let"
    GO = "go"
    CANCEL = "cancel"
    OUT = "out"
    MADE = "made"
    SCHOOL = "school"
    WORK = "work"
    ITSELF = "itself"
    EVERYONE = "everyone"
    BOTH = "both"
    ONE_CHILD = "one_child"
    THEY = "they"


_WORDS: Mapping[Sense, str] = MappingProxyType(
    {
        Sense.FILL: (
            "thanks|thank you|thx|ty|ta|gracias|hi|hello|hola|its|it|she|he|youre|s|shes|hes|is|"
            "are|am|been|being|now|just|already|so|please|pls|plz|hey|hello there|ok so|well|oh|"
            "ah|um|like|about|around|only|also|too|again|still|really|finally|phew|yay|woohoo|"
            "wow|sorry|oops|ugh|haha|x|xx|xo|that is|thats|for|to|from|on|by|home|day|days|"
            "the day|for the day|of the day|for today|time|early|earlier today|gotten|got|"
            "have been|has been|lets|let us|the kid is|im exhausted|im tired|im wiped|im beat|"
            "were tired|were exhausted|so tired|here|thanksgiving|christmas|easter|spring|summer|"
            "fall|winter|autumn|in the morning|in the afternoon|in the evening|for now|right now|"
            "of it|of them|lo|le|les|nos|te|muy|es|esta|este|estan|estamos|son|fue|ser|ha|"
            "hemos|han|hay|ahora|ahorita|pues|porfa|por favor|porfis|perdon|perdona|disculpa|oye|"
            "ey|hola buenas|uf|ups|ay|al fin|por fin|como|solo|solamente|tambien|igual|aqui|asi|"
            "sigue|siguen|para|por|dia|dias|por hoy|para hoy|del dia|por la manana|por la tarde|"
            "de la manana|de la tarde|vamos|van|va|voy|todavia|aun|el dia de|gracias por todo|"
            "estoy cansado|estoy cansada|estamos cansados|nosotros|ellos|ella|ellas|que bien|"
            "bien|me|al|llegamos|llego|llegan|amanecio|ok|okay|k|alright|right|running|arriving"
        ),
        Sense.ARTICLE: (
            "ya|the|a|an|my|her|his|our|their|your|lesson|class|subject|el|la|los|las|un|una|unos|"
            "unas|mi|mis|su|sus|nuestro|nuestra|tu|clase|leccion|materia"
        ),
        Sense.AND: "and|n|&|y|e|plus",
        Sense.WITH: "with|w|con|along with",
        Sense.WITH_ME: "with me|w me|conmigo",
        Sense.AT: "at|en el|en la|en los|en las|at the|over at",
        Sense.IN: "in|en",
        Sense.OF: "of|de|del",
        Sense.AS: "as|como si|cuenta como|counts as|count it as",
        Sense.ME: "i|im|ive|me too|estoy|yo|myself|i am|i feel|me siento",
        Sense.WE: "we|were|weve|us",
        Sense.KIN: "mom|mum|mommy|mummy|mama|mami|ma|dad|daddy|papa|papi|pa",
        Sense.YES: "yes|yep|yeah|yup|si|sip|yess|yes yes|si si|claro",
        Sense.DOUBT: (
            "if|so done|so over|done being|done with you|skip to|skip ahead|estamos libres|"
            "estamos libre|get|gets|getting|to be|should|shouldnt|need to|needs to|needed to|"
            "must|has to|have to|had to|gotta|supposed to|hate|hates|hated doing|want|wants|"
            "want to|wants to|wanna|refuses|refuse|refusing|dont|doesnt want|didnt want|cant|"
            "couldnt|would|wouldnt|might|maybe|thinking|think|thinks|wish|hope|hoping|wont do|"
            "will not do|not sick|isnt sick|arent sick|sick of|tired of|no longer|anymore|"
            "not anymore|almost sick|trying|tried|try|when|whenever|unless|until then|before|"
            "after|either|or|hay que|tenemos que|tiene que|tengo que|tienen que|debe|deberia|"
            "deberiamos|debemos|quiero|quiere|quieren|queremos|no quiere|no quiero|odio|odia|"
            "no puedo|no puede|vamos a hacer|va a hacer|voy a hacer|no muevas|no cambies|"
            "no canceles|no esta enfermo|no esta enferma|no estan enfermos|no esta malo|"
            "no esta mala|ya no|creo|quiza|quizas|tal vez|ojala|cuando termine|cuando acabe|"
            "harto|harta|hartos|intenta|intento|o|antes|forever|sin parar|todavia enfermo no"
        ),
        Sense.ASK: (
            "what|whats|who|whos|why|how|hows|where|wheres|which|when is|when are|whens|"
            "what time|que|quien|quienes|cual|cuales|cuando|donde|adonde|cuanto|cuanta|cuantos|"
            "por que|a que hora|que hora|is it|are there|is there|do we have|are we"
        ),
        Sense.POLITE: (
            "we can|we could|can we|can you|can i|could we|could you|could i|can she|can he|"
            "can they|may i|would you|will you|do you mind|is it ok if we|is it ok if i|ok if we|"
            "we would like to|wed like to|id like to|i would like to|quisiera|me gustaria|"
            "nos gustaria|podemos|puedes|podrias|podriamos|puedo|podria|pueden|podeis|se puede|"
            "me puedes|nos puedes"
        ),
        Sense.BE: "will be|are going to be|is going to be",
        Sense.PAST: (
            "we were|they were|she was|he was|i was|we had|had|was|estuvimos|estuvo|estaba|"
            "estuve|tuvimos|tuvo|tuve"
        ),
        Sense.FUTURE: (
            "will|gonna|gonna be|going to|going to be|ill be|well be|shell be|hell be|theyll be|"
            "ill have|i will|we will"
        ),
        Sense.NOTHING: (
            "no se|oh no|todo bien|todo mal|all good|all ok|all right|thats all|that is all|"
            "eso es todo|all set|se acabo|se termino|ya se acabo|ya se termino|no entiendo|"
            "no idea|no way|no thanks|no thank you|no gracias|yes please|si por favor|si porfa|"
            "well done|nicely done|bien hecho|bien hecha|hecho polvo|estamos listos|"
            "estamos listas|estoy listo|estoy lista|muy listo|muy lista|es listo|es lista|"
            "es muy listo|es muy lista|es malo|es mala|que malo|que mala|que listo|que lista|bye|"
            "adios"
        ),
        Sense.DONE: (
            "done|finished|completed|doen|dnoe|doned|donee|finished up|wrapped up|checked off|"
            "crossed off|knocked out|got through|over with|hecho|hecha|hechos|hechas|listo|lista|"
            "listos|listas|listop|termine|termino|terminaron|terminado|terminada|terminados|"
            "terminadas|terminamos|acabe|acabo|acabaron|acabado|acabada|acabados|acabadas|"
            "acabamos|acabo de terminar|acabamos de terminar|acaba de terminar|"
            "acaban de terminar|acaba de acabar|ya esta|ya estuvo|ya quedo|quedo|completo|"
            "completado|completada|completamos|concluido|cumplido"
        ),
        Sense.FINISH: (
            "finish|finishes|finishing|complete|completes|completing|termina|terminan|terminar|"
            "terminando|acaba|acaban|acabar|acabando|completa|completar"
        ),
        Sense.DID: (
            "did|got done|practiced|practised|practico|practicamos|hice|hizo|hicimos|hicieron|"
            "hecho ya|ha hecho|he hecho|hemos hecho|han hecho|we did|i did|she did|he did|"
            "they did"
        ),
        Sense.DO: (
            "do|doing|does|haces|hacemos|hacer|hagamos|haz|haga|haremos|hare|lets do|lets have|"
            "pon|poner|ponemos|ponme"
        ),
        Sense.STARTED: (
            "started|began|begun|empezado|empezo|empece|empezamos ya|comenzado|comenzo|iniciado"
        ),
        Sense.TOOK: (
            "took|took us|took her|took him|took me|took them|lasted|tardo|tardamos|nos llevo|"
            "le llevo|me llevo|duro|nos tomo|le tomo|me tomo|tomo"
        ),
        Sense.AGO: "ago|hace como|hace unos|hace",
        Sense.ALL: (
            "all|done for the day|done for today|finished for the day|finished for today|"
            "listo por hoy|lista por hoy|listos por hoy|terminamos por hoy|acabamos por hoy|"
            "hecho por hoy|everything|every thing|everythings|evrything|the lot|it all|all of it|"
            "all of them|all of|all the|whole list|the whole list|todo|todos|todas|toda|todo lo|"
            "todas las|todos los"
        ),
        Sense.BUT: (
            "but|except|except for|apart from|besides|minus|all but|other than|excepto|menos|"
            "salvo|a excepcion de|pero"
        ),
        Sense.NOT: (
            "not|havent|hasnt|didnt|did not|have not|has not|isnt|arent|wasnt|aint|no he|no ha|"
            "no hemos|no han|neither"
        ),
        Sense.NO: "no|nope|nah|sin|nop|without",
        Sense.NOT_YET: (
            "not yet|not done|not done yet|not finished|not finished yet|isnt done|isnt done yet|"
            "isnt finished|arent done|havent done|havent finished|hasnt done|hasnt finished|"
            "havent started|hasnt started|havent begun|hasnt begun|not started|didnt do|"
            "didnt finish|didnt get to|did not do|did not finish|still working on|working on|"
            "still doing|still on|still going|almost|almost done|nearly|nearly done|"
            "almost finished|half done|halfway|in progress|in a bit|in a minute|in a min|"
            "in a sec|in a while|in a few|a few more|one sec|one minute|hang on|hold on|not now|"
            "not just yet|soon|no not yet|doing it now|yet|nowhere near done|todavia no|aun no|"
            "ahora no|ahorita no|no todavia|no aun|al rato|en un rato|en un ratito|en un momento|"
            "un momento|un momentito|un segundo|espera|esperame|espera un poco|casi|ya casi|"
            "casi listo|casi lista|casi terminamos|ya casi terminamos|casi termino|"
            "ya casi termino|casi acabo|casi acabamos|ya casi acabamos|no termine|no termino|"
            "no terminamos|no acabe|no acabamos|no hice|no hizo|no hicimos|no hicieron|"
            "no he terminado|no ha terminado|no hemos terminado|no han terminado|no he hecho|"
            "no ha hecho|no hemos hecho|no han hecho|no he acabado|no ha acabado|"
            "no hemos acabado|no ha empezado|no he empezado|no hemos empezado|hemos empezado|"
            "no empieza|no empezo|sigue con|seguimos con|sigo con|siguen con|siguen haciendo|"
            "sigue haciendo|estamos con|estoy con|esta con|ya esta con|ya estoy con|"
            "ya estamos con|ya estan con|llevo|llevamos|estan con|falta|faltan|me falta|le falta|"
            "nos falta|les falta|me faltan|le faltan|nos faltan|queda|quedan|estoy haciendo|"
            "estamos haciendo|esta haciendo|no esta listo|no esta lista|no esta hecho|"
            "no esta hecha|en proceso|a medias"
        ),
        Sense.WAIT: (
            "wait|give us|give me|need|more minutes|more mins|more min|mas minutos|minutitos|"
            "minutos mas|dame|danos|otros|another"
        ),
        Sense.LATER: (
            "later|later on|maybe later|mas tarde|luego|despues|mas rato|later than usual"
        ),
        Sense.SOONER: (
            "earlier|sooner|mas temprano|mas pronto|antes de lo normal|adelanta|adelantar"
        ),
        Sense.NOT_DOING: (
            "no time for|no time to do|no hay tiempo para|sin tiempo para|not doing|"
            "wont be doing|arent doing|isnt doing|not going to do|not gonna do|were not doing|"
            "no hacemos|no haremos|no vamos a hacer|no va a hacer|no hara|no hare|no hago|"
            "no haremos hoy"
        ),
        Sense.SKIP: (
            "skip|skipped|skipping|skips|skp|pass on|passing on|saltar|saltarme|saltarnos|"
            "saltamos|salta|saltate|saltatela|nos saltamos|me salto|salto|omitir|omite|omitimos|"
            "omito|paso de|pasamos de|pasar de|pasando de|prescindimos de"
        ),
        Sense.UNDO: (
            "undo|take that back|take it back|undo that|undo it|undo last|undo the last|deshacer|"
            "deshaz|deshazlo|deshacerlo|anula eso|anular eso|anulalo|revert|revierte"
        ),
        Sense.THAT: (
            "this|that|last|last change|the last|eso|esto|ultimo|lo ultimo|el ultimo cambio"
        ),
        Sense.SICK: (
            "sick|ill|unwell|poorly|sick again|not feeling well|not feeling good|"
            "not feeling great|isnt feeling well|isnt feeling good|isnt feeling great|"
            "doesnt feel well|doesnt feel good|dont feel good|dont feel well|feels sick|"
            "feel sick|feeling sick|a fever|fever|has fever|woke up with a fever|a cold|"
            "has a cold|the flu|flu|stomach bug|a stomach bug|tummy bug|a tummy ache|tummy ache|"
            "stomach ache|stomachache|a stomach ache|threw up|throwing up|threw up again|puking|"
            "puked|vomiting|come down with something|came down with something|"
            "coming down with something|under the weather|home sick|out sick|sick day|a sick day|"
            "has covid|covid|strep|an ear infection|ear infection|sore throat|a sore throat|"
            "headache|a headache|migraine|a migraine|bad cold|a bad cold|enfermo|enferma|"
            "enfermos|enfermas|enfermito|enfermita|malito|malita|malitos|malo|mala|malos|fiebre|"
            "con fiebre|tiene fiebre|amanecio con fiebre|calentura|gripa|gripe|catarro|resfriado|"
            "resfriada|resfriados|gastroenteritis|vomito|vomitando|vomitos|vomita|siente mal|"
            "se siente mal|me siento mal|se encuentra mal|me encuentro mal|duele la panza|"
            "duele la barriga|duele la cabeza|duele la garganta|duele el estomago|duele el oido|"
            "duele la tripa|dolor de cabeza|dolor de panza|dolor de barriga|tos|esta con gripe|"
            "esta con gripa|esta con fiebre|esta con tos|esta con calentura|esta con vomito|"
            "esta con catarro|estan con fiebre|estan con gripe|estoy con fiebre|anda malo|"
            "anda mala|indispuesto|indispuesta"
        ),
        Sense.LATE: (
            "late|behind|behind schedule|late today|running late|running behind|tarde|retraso|"
            "de retraso|con retraso|retrasados|retrasado|retrasada|atrasados|atrasado|atrasada|"
            "demorados|demorado|delayed"
        ),
        Sense.BACK: "back|out",
        Sense.START: (
            "start|starts|starting|begin|begins|beginning|wont start|not starting|starts at|"
            "dont start|were not starting|start school|late start|kick off|empezar|empezamos|"
            "empieza|empiezan|empiezo|empecemos|empezaremos|comenzar|comenzamos|comienza|"
            "comenzaremos|arrancamos|arrancar|arranca|iniciamos|no empezamos|no arrancamos|"
            "no comenzamos"
        ),
        Sense.HALF_DAY: (
            "half day|half days|halfday|half a day|half day off|short day|medio dia|"
            "media jornada|mediodia libre|medio dia libre|medio dia de clases|dia corto|"
            "jornada corta"
        ),
        Sense.DAY_OFF: (
            "day off|days off|the day off|a day off|no school|no schoolwork|no lessons|no class|"
            "no classes|no homeschool|snow day|bank holiday|inset day|public holiday|"
            "school holiday|free day|not doing school|no work|off school|no lessons at all|"
            "dia libre|dias libres|el dia libre|no hay clases|no hay clase|no hay escuela|"
            "no hay cole|no hay colegio|sin clases|sin escuela|sin cole|no tenemos clase|"
            "no tenemos clases|no tenemos cole|no tenemos escuela|no habra clases|no habra clase|"
            "feriado|festivo|es fiesta|es festivo|es feriado|puente|asueto|no hacemos escuela|"
            "no hacemos clases|no tiene clase|no tiene clases"
        ),
        Sense.OFF: "off|libre|libres",
        Sense.AWAY: (
            "away|out of town|gone|on vacation|vacation|vacations|on holiday|on holidays|holiday|"
            "holidays|traveling|travelling|on a trip|on the road|camping|break|"
            "taking a break|fuera|de viaje|viaje|viajamos|de vacaciones|vacaciones|nos vamos|"
            "nos vamos de viaje|nos vamos de vacaciones|nos vamos fuera|estamos fuera|"
            "salimos de viaje|me voy"
        ),
        Sense.TAKE: (
            "take|taking|takes|give|giving|tomamos|nos tomamos|tomarnos|lleva a|lleva|llevo a|dale"
        ),
        Sense.HAVE: "has|have|has got|have got|tiene|tienen|tenemos|theres|there is",
        Sense.I_HAVE: "i have|ive got|i have got|i got|tengo",
        Sense.MOVE: (
            "move|moves|moved|moving|mvoe|put|shift|shifted|reschedule|rescheduled|rescedule|"
            "bump|bumped|mueve|mover|muevo|movemos|movamos|muevas|mueva|muevelo|pasa|pasar|"
            "pasamos|pasa a|pasalo|deja|dejar|dejamos|dejemos|reprograma|reprogramar|cambio a|"
            "recorre|recorrer|paso a|se paso|se pasa|se movio|movieron|pasaron"
        ),
        Sense.DELAY: (
            "push|pushed|pushing|delay|delaying|postpone|postponed|postponing|atrasa|atrasar|"
            "atrasamos|atrasemos|retrasa|retrasar|retrasamos|aplaza|aplazar|aplazamos|posponer|"
            "pospon|posponemos|se atrasa|se retrasa"
        ),
        Sense.CHANGE: (
            "change|switch|switched|switching|changing|changed|cambia|cambiar|cambiamos|"
            "cambiemos|cambie|cambiame"
        ),
        Sense.SWAP: (
            "swap|swapped|swapping|trade|exchange|intercambia|intercambiar|intercambiamos"
        ),
        Sense.INSTEAD: "instead|rather|mejor|en cambio|en su lugar",
        Sense.INSTEAD_OF: ("instead of|rather than|en vez de|en vez del|en lugar de|en lugar del"),
        Sense.LET: "let",
        Sense.GO: "go",
        Sense.CANCEL: (
            "cancel|canceled|cancelled|cancels|cancelling|canceling|cancle|cancelado|cancelada|"
            "cancela|cancelar|cancelamos|cancelaron|cancelo|se cancelo|se cancela|drop|dropping|"
            "dropped|remove|delete|called off|rained out|not happening|isnt happening|"
            "is not happening|not on|isnt on|quita|quitar|quitamos|elimina|eliminar|eliminamos|"
            "borra|borrar|suspendido|suspendida|se suspende|se suspendio|se ha suspendido|"
            "suspendieron|no hay|no tenemos|no tiene|no tengo|no habra|anula|anular"
        ),
        Sense.OUT: (
            "went to|went|visited|log|logged|watched|played at|spent|was at|were at|we went to|"
            "we went|we visited|fuimos a|fuimos al|fuimos|fui|visitamos|anota|anotar|registra|"
            "registrar|vimos|vio|pasamos el rato|hicimos de|fue al|fue a"
        ),
        Sense.MADE: (
            "baked|cooked|made|built|hiked|painted|planted|cocino|cocinamos|cocinaron|horneamos|"
            "horneo|jugamos|jugaron|construimos|pintamos|plantamos"
        ),
        Sense.SCHOOL: (
            "school|schoolwork|homeschool|lessons|classes|subjects|school work|escuela|cole|"
            "colegio|clases|lecciones|materias"
        ),
        Sense.WORK: "work|assignment|assignments|tarea|tareas|deberes|homework",
        Sense.ITSELF: "se",
        Sense.EVERYONE: (
            "everyone|everybody|everyones|everybodys|all kids|all the kids|all of the kids|"
            "the kids|kids|the children|children|all children|all the children|all of us|"
            "the whole family|whole family|the family|family|todos los ninos|los ninos|las ninas|"
            "ninos|los chicos|las chicas|los peques|los chamacos|mis hijos|los hijos|"
            "toda la familia|la familia"
        ),
        Sense.BOTH: (
            "both|both kids|both of them|both children|both of the kids|los dos|las dos|ambos|"
            "ambas|los 2|the two of them|both the kids"
        ),
        Sense.ONE_CHILD: (
            "the kid|my kid|the child|my child|my son|my daughter|the baby|the little one|kiddo|"
            "el peque|la peque|el nino|la nina|mi hijo|mi hija|el chico|la chica"
        ),
        Sense.THEY: "they|theyre|theyve",
    }
)

SENSES: Mapping[tuple[str, ...], Sense] = MappingProxyType(
    {
        tuple(phrase.split()): sense
        for sense, phrases in _WORDS.items()
        for phrase in phrases.split("|")
    }
)
"""The sense of each phrase, as its words."""

LONGEST_PHRASE = max(map(len, SENSES))
