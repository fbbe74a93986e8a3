# Каталог услуг: service-<имя> и service-<имя>-hint.

service-account-opening = Открытие счёта
service-account-opening-hint = Подтвердите личность, чтобы открыть банковский счёт
service-online-loan = Онлайн-кредит
service-online-loan-hint = Подтвердите личность, чтобы подать заявку на кредит
service-sim-registration = Регистрация SIM-карты
service-sim-registration-hint = Оформите абонентский номер на своё имя
service-data-update = Обновление данных
service-data-update-hint = Обновите свои личные данные в банке
service-palm-enrolment = Регистрация ладони
service-palm-enrolment-hint = Чтобы в следующий раз подтвердить личность ладонью
