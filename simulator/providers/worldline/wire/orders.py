"""The order, which payments and hosted checkouts have in common."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from simulator.providers.worldline.wire.values import AmountOfMoney, Country, CustomerId, Locale, Model, Number, Text


class Address(Model):
    street: Annotated[Text, Field(max_length=50)] | None = None
    houseNumber: Text | None = None
    additionalInfo: Annotated[Text, Field(max_length=50)] | None = None
    zip: Annotated[Text, Field(max_length=10)] | None = None
    city: Annotated[Text, Field(max_length=40)] | None = None
    state: Annotated[Text, Field(max_length=35)] | None = None
    stateCode: Text | None = None
    countryCode: Country


class ContactDetails(Model):
    ALSO_KNOWN: ClassVar[tuple[str, ...]] = ("faxNumber", "mobilePhoneNumber", "workPhoneNumber")

    emailAddress: Annotated[Text, Field(max_length=70)] | None = None
    emailMessageType: Text | None = None
    phoneNumber: Text | None = None


class PersonalName(Model):
    ALSO_KNOWN: ClassVar[tuple[str, ...]] = ("surnamePrefix", "title")

    firstName: Annotated[Text, Field(max_length=15)] | None = None
    surname: Annotated[Text, Field(max_length=70)] | None = None


class PersonalInformation(Model):
    ALSO_KNOWN: ClassVar[tuple[str, ...]] = ("identification",)

    name: PersonalName | None = None
    dateOfBirth: Text | None = None
    gender: Text | None = None


class CustomerDevice(Model):
    ALSO_KNOWN: ClassVar[tuple[str, ...]] = ("browserData", "defaultFormFill", "deviceFingerprintTransactionId")

    acceptHeader: Text | None = None
    ipAddress: Text | None = None
    locale: Text | None = None
    timezoneOffsetUtcMinutes: Text | None = None
    userAgent: Text | None = None


class Customer(Model):
    ALSO_KNOWN: ClassVar[tuple[str, ...]] = (
        "account", "accountType", "companyInformation", "fiscalNumber", "isCompany", "isPreviousCustomer",
        "shippingAddress", "vatNumber",
    )  # fmt: skip

    merchantCustomerId: CustomerId | None = None
    billingAddress: Address
    contactDetails: ContactDetails | None = None
    device: CustomerDevice | None = None
    locale: Locale | None = None
    personalInformation: PersonalInformation | None = None


class OrderReferences(Model):
    descriptor: Annotated[Text, Field(max_length=256)] | None = None
    merchantOrderId: Annotated[Number, Field(ge=0, le=9_999_999_999)] | None = None
    merchantReference: Annotated[Text, Field(max_length=30)] | None = None
    providerId: Text | None = None
    providerMerchantId: Text | None = None
    invoiceData: dict[str, Any] | None = None


class Order(Model):
    ALSO_KNOWN: ClassVar[tuple[str, ...]] = ("seller",)

    amountOfMoney: AmountOfMoney
    customer: Customer
    references: OrderReferences | None = None
    items: list[dict[str, Any]] | None = None
    shoppingCart: dict[str, Any] | None = None
    shipping: dict[str, Any] | None = None
    additionalInput: dict[str, Any] | None = None


class FraudFields(Model):
    ALSO_KNOWN: ClassVar[tuple[str, ...]] = (
        "addressesAreIdentical", "blackListData", "cardOwnerAddress", "defaultFormFill", "deviceFingerprintActivated",
        "deviceFingerprintTransactionId", "giftCardType", "giftMessage", "hasForgottenPwd", "hasPassword",
        "isPreviousCustomer", "orderTimezone", "shipComments", "shipmentTrackingNumber", "shippingDetails", "userData",
        "website",
    )  # fmt: skip

    customerIpAddress: Text | None = None
